export async function decoratedCalls(print) { print('(decorated calls: pending)'); }
