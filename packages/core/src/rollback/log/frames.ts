import type { Data } from '../../base/store.js';

/** Puts the records of one commit into one text: each with its length in front, bytes as base64 behind a `b`. */
export function pack(records: readonly Data[]): string {
  let text = '';
  for (const record of records) {
    if (typeof record === 'string') text += `${record.length}:${record}`;
    else {
      const coded = Buffer.from(record).toString('base64');
      text += `b${coded.length}:${coded}`;
    }
  }
  return text;
}

/** What `pack` was given. @throws RangeError when the text was not made by it. */
export function unpack(data: Data): Data[] {
  const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
  const records: Data[] = [];
  for (let at = 0; at < text.length;) {
    const colon = text.indexOf(':', at);
    const isBytes = text[at] === 'b';
    const digits = text.slice(isBytes ? at + 1 : at, colon);
    const length = Number(digits);
    const end = colon + 1 + length;
    if (colon < 0 || !/^\d+$/.test(digits) || end > text.length) throw new RangeError(`no frame at character ${at}`);
    const record = text.slice(colon + 1, end);
    records.push(isBytes ? new Uint8Array(Buffer.from(record, 'base64')) : record);
    at = end;
  }
  return records;
}
