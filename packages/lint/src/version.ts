/** Of the rules: what an older one has found is looked at again. */
export const VERSION = '0.1.0';
