/** The steps of an order in their order, each with its undo, and the call to the outside that each of them makes. */
export const STEPS = ['Stock.reserve', 'Payments.charge', 'Shipping.ship'] as const;
export type Step = (typeof STEPS)[number];

export const UNDOS = ['Stock.release', 'Payments.refund', 'Shipping.cancel'] as const;
export type Undo = (typeof UNDOS)[number];

export type Operation = Step | Undo;
export const OPERATIONS: readonly Operation[] = [...STEPS, ...UNDOS];

export const UNDO_OF: Readonly<Record<Step, Undo>> = {
  'Stock.reserve': 'Stock.release',
  'Payments.charge': 'Payments.refund',
  'Shipping.ship': 'Shipping.cancel',
};

export function isStep(name: string): name is Step {
  return STEPS.some((step) => step === name);
}

export function isOperation(name: string): name is Operation {
  return OPERATIONS.some((operation) => operation === name);
}
