import { describe, expect, it } from 'vitest';
import { lintText } from '../text.js';

const found = (mark: string, members: string): string[] =>
  lintText(
    'a.ts',
    `import { Checkpointed, Logged, Transient } from '@redress/decorators';\nimport type { Socket } from 'node:net';\n${mark}\nexport class Account { ${members} }`,
  ).map(({ rule }) => rule);
const ID = 'id: (a: Account) => a.no';

describe('a checkpointed class', () => {
  it('needs a version when it is kept in a store, and none when it only goes back', () => {
    expect(found(`@Checkpointed({ ${ID} })`, '')).toEqual(['checkpointed-schema-version']);
    expect(found(`@Checkpointed({ ${ID}, version: 2 })`, '')).toEqual([]);
    expect(found('@Checkpointed()', '')).toEqual([]);
    expect(found('@Checkpointed(options)', '')).toEqual([]);
  });

  it.each([
    ['@Checkpointed()', 'socket?: Socket;', 1],
    ['@Checkpointed()', 'done = () => {};', 1],
    ['@Checkpointed()', 'timer = setTimeout(f, 5);', 1],
    ['@Checkpointed()', 'state: { on: () => void } = x;', 1],
    ['@Checkpointed()', '@Transient() socket?: Socket; static done = () => {}; at = new Date(); all = new Map<string, bigint>();', 0],
    ["@Checkpointed({ transient: ['socket'] })", 'socket?: Socket;', 0],
    ["@Checkpointed({ transient: ['other'] })", 'socket?: Socket;', 1],
    ["@Checkpointed({ fields: ['no'] })", 'no = 1; socket?: Socket;', 0],
    ["@Checkpointed({ fields: ['socket'] })", 'socket?: Socket;', 1],
    ['@Checkpointed({ fields: FIELDS })', 'socket?: Socket;', 0],
    ['@Checkpointed({ state: Schema })', 'socket?: Socket;', 0],
    ['', 'socket?: Socket;', 0],
  ])('%s with %s has fields without a copy: %s', (mark, members, count) => {
    expect(found(mark, members).filter((rule) => rule === 'checkpointed-state-encodable')).toHaveLength(count);
  });

  it('handles logged messages without effects, and answers the same in a replay', () => {
    const handler = (body: string): string[] => found('@Checkpointed()', `@Logged() async on(id: string) { ${body} }`);
    expect(handler("await fetch('x', { method: 'POST', body: id });")).toEqual(['no-effect-in-logged-handler']);
    expect(handler('this.at = Date.now();')).toEqual(['no-effect-in-logged-handler']);
    expect(handler('this.all.push(id);')).toEqual([]);
  });
});
