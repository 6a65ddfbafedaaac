import { describe, expect, it } from 'vitest';
import { inNamespace, isAddress, readAddress, shown } from './address.js';

describe('an address of Redis', () => {
  it.each([
    ['redis://127.0.0.1', { nodes: [{ host: '127.0.0.1', port: 6379 }], isCluster: false, url: 'redis://127.0.0.1', namespace: undefined }],
    ['rediss://ann:x%40y@h:1/2?namespace=shop', { nodes: [{ host: 'h', port: 1 }], url: 'rediss://ann:x%40y@h:1/2', namespace: 'shop' }],
    [
      'redis-cluster://:pw@a:7001,[::1]:7002?namespace=b',
      {
        nodes: [
          { host: 'a', port: 7001 },
          { host: '::1', port: 7002 },
        ],
        isCluster: true,
        url: 'redis://:pw@a:7001',
        namespace: 'b',
      },
    ],
  ])('is read from %s', (text, address) => {
    expect(readAddress(text)).toMatchObject(address);
    expect(isAddress(text)).toBe(true);
  });

  it.each([
    ['redis:/h', 'write redis://<host>:<port>'],
    ['redis://h:port', '"h:port" is no <host>:<port>'],
    ['redis://h:99999', 'is no <host>:<port>'],
    ['redis://a,b', 'write redis-cluster://'],
    ['redis-cluster://a/1', 'no numbered databases'],
    ['redis://a?db=1', '?db is not known; ?namespace=<name> is'],
    ['redis://a?namespace=../x', 'write the namespace with letters'],
  ])('is refused in one sentence when it is %s', (text, sentence) => {
    expect(() => readAddress(text)).toThrow(sentence);
  });

  it('gets a namespace, and is shown without its password', () => {
    expect(inNamespace('redis://:pw@h:1', 'x')).toBe('redis://:pw@h:1?namespace=x');
    expect(shown('redis://ann:pw@h:1?namespace=x')).toBe('redis://ann:***@h:1?namespace=x');
    expect(shown('redis://h:1')).toBe('redis://h:1');
  });
});
