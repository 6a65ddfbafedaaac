export interface Place {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Mutation extends Place {
  readonly id: string;
  readonly guarantee: string;
  readonly also?: readonly Place[];
  /** The file, or the folder, whose tests must turn red. */
  readonly tests: string;
}

export const mutations: readonly Mutation[];
