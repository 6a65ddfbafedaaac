// Runs in the threads of a worker replica: see src/redundancy/worker-replica.ts. Plain JavaScript at the root of the package, so
// that a thread finds the same file from the sources and from what is built of them.

/** Calls an exported function; or only looks whether it is there. */
export async function answer({ module, method, args }) {
  try {
    const found = (await import(module))[method];
    if (typeof found !== 'function') return { missing: true };
    return args ? { value: await found(...args) } : {};
  } catch (error) {
    return { thrown: error instanceof Error ? fieldsOf(error) : { value: error } };
  }
}

// A cloned error keeps its message and little else; what errors are matched by is sent beside it.
function fieldsOf(error) {
  const { name, message, stack } = error;
  const plain = Object.entries(error).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  return { error: { ...Object.fromEntries(plain), name, message, stack } };
}
