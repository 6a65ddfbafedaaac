import { describe, expect, it } from 'vitest';
import type { LintConfig } from '../config.js';
import { lintText } from '../text.js';

/** What a saga that does this is told: an effect, a look at the outside, another answer each time, or nothing. */
function said(imports: string, body: string, config: LintConfig = {}): string {
  const text = `import { Saga } from '@redress/decorators';\n${imports}
export class Orders { @Saga({ id: (id: string) => id }) async place(id: string) { ${body} } }`;
  const [first] = lintText('a.ts', text, config).filter(({ rule }) => /^no-(side|nondet)/.test(rule));
  if (!first) return 'nothing';
  return first.message.includes('reaches an effect') ? 'write' : first.message.includes('asks the outside') ? 'read' : 'random';
}

describe('what the lint knows of effects', () => {
  it.each([
    ["import axios from 'axios';", "await axios.post('x');", 'write'],
    ["import axios from 'axios';", "await axios.get('x');", 'read'],
    ["import axios from 'axios';", "await axios({ method: 'post' });", 'write'],
    ["import axios from 'axios'; const api = axios.create();", "await api.delete('x');", 'write'],
    ["import got from 'got';", "await got.post('x').json();", 'write'],
    ["import { request } from 'undici';", "await request('x', { method: 'PUT' });", 'write'],
    ["import { request } from 'undici';", "await request('x');", 'read'],
    ["import * as https from 'node:https';", "https.request({ method: 'POST' });", 'write'],
    ["import { writeFile as w } from 'node:fs/promises';", "await w('x', id);", 'write'],
    ["import fs from 'fs';", "fs.promises.rm('x');", 'write'],
    ["import { readFile } from 'node:fs/promises';", "await readFile('x');", 'read'],
    ["import { Pool } from 'pg'; const pool = new Pool();", 'await pool.query(`update a set b = ${id}`);', 'write'],
    ["import { Pool } from 'pg'; const pool = new Pool();", "await pool.query('with a as (select 1) select * from a');", 'read'],
    [
      "import { Pool } from 'pg'; const pool = new Pool();",
      "await pool.query('with a as (delete from b returning *) select * from a');",
      'write',
    ],
    [
      "import { Pool } from 'pg'; const pool = new Pool();",
      "const c = await pool.connect(); await c.query('insert into a values (1)');",
      'write',
    ],
    ["import mysql from 'mysql2/promise';", "const c = await mysql.createConnection('x'); await c.execute('delete from a');", 'write'],
    ["import type { Db } from 'mongodb'; declare const db: Db;", "await db.collection('a').insertOne({ id });", 'write'],
    ["import { Redis } from 'ioredis'; const redis = new Redis();", "await redis.set('a', id);", 'write'],
    ["import { createClient } from 'redis'; const c = createClient();", "await c.get('a');", 'read'],
    ["import { Kysely } from 'kysely'; declare const db: Kysely<object>;", "await db.insertInto('a').values({ id }).execute();", 'write'],
    ["import { drizzle } from 'drizzle-orm/node-postgres'; const db = drizzle('x');", 'await db.update(orders).set({ id });', 'write'],
    [
      "import { drizzle } from 'drizzle-orm/libsql'; const db = drizzle('x');",
      'await db.transaction(async (tx) => { await tx.insert(orders).values({ id }); });',
      'write',
    ],
    [
      "import { PrismaClient } from '@prisma/client'; const prisma = new PrismaClient();",
      'await prisma.order.create({ data: { id } });',
      'write',
    ],
    [
      "import { PrismaClient } from '@prisma/client'; const prisma = new PrismaClient();",
      'await prisma.$transaction(async (tx) => { await tx.order.delete({ where: { id } }); });',
      'write',
    ],
    ["import { PrismaClient } from '@prisma/client'; const prisma = new PrismaClient();", 'await prisma.order.findMany();', 'read'],
    ["import type { Repository } from 'typeorm'; declare const orders: Repository<object>;", 'await orders.save({ id });', 'write'],
    ["import { EntityManager } from '@mikro-orm/core'; declare const em: EntityManager;", 'await em.flush();', 'write'],
    [
      "import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs'; const sqs = new SQSClient({});",
      'await sqs.send(new SendMessageCommand({ id }));',
      'write',
    ],
    ["import Stripe from 'stripe'; const stripe = new Stripe('x');", 'await stripe.paymentIntents.create({ id });', 'write'],
    ["import Stripe from 'stripe'; const stripe = new Stripe('x');", 'await stripe.customers.retrieve(id);', 'read'],
    ["import nodemailer from 'nodemailer'; const mail = nodemailer.createTransport('x');", 'await mail.sendMail({ id });', 'write'],
    ["import { Kafka } from 'kafkajs'; const producer = new Kafka({}).producer();", 'await producer.send({ id });', 'write'],
    [
      "import amqp from 'amqplib';",
      "const c = await amqp.connect('x'); const ch = await c.createChannel(); ch.sendToQueue('a', id);",
      'write',
    ],
    ["import { Queue } from 'bullmq'; const queue = new Queue('a');", "await queue.add('a', { id });", 'write'],
    ['', "await fetch('x', { method: 'PATCH' });", 'write'],
    ['', "await fetch('x', { method: 'GET' });", 'read'],
    ['', 'await fetch(id, optionsOf(id));', 'write'],
    ['', "await globalThis.fetch('x', { method: 'POST' });", 'write'],
    ['', 'Math.random();', 'random'],
    ['', 'performance.now();', 'random'],
    ['', 'crypto.randomUUID();', 'random'],
    ["import { v4 as uuid } from 'uuid';", 'uuid();', 'random'],
    ["import { nanoid } from 'nanoid';", 'nanoid();', 'random'],
    ["import { setTimeout as wait } from 'node:timers/promises';", 'await wait(5);', 'random'],
    ['', 'setTimeout(() => {}, 5);', 'random'],
    ['', 'process.env.HOME;', 'random'],
    ["import { post } from './post.js';", 'await post(id);', 'nothing'],
    ["import { post } from 'unknown-package';", 'await post(id);', 'nothing'],
    ['', "const list = [1]; list.find((one) => one); new Map().set('a', 1); 'a'.search('b');", 'nothing'],
    ['', 'const fetch = (x: string) => x; fetch(id);', 'nothing'],
    ['const db = () => 1; const a = b, b = a;', 'await db().insert(1); await a.query(b);', 'nothing'],
    ["import { Pool } from 'pg'; function db() { return new Pool(); }", "await db().query('delete from a');", 'write'],
    [
      "import type { Pool } from 'pg'; function db(): Promise<Pool> { return open(); }",
      "await (await db()).query('delete from a');",
      'write',
    ],
  ])('%s %s is %s', (imports, body, kind) => {
    expect(said(imports, body)).toBe(kind);
  });

  it('is extended and corrected by the configuration', () => {
    const effects = {
      '@acme/ledger': { write: ['post'], read: ['balance'] },
      '@acme/*': { random: ['*'] },
      axios: 'pure',
      'acme.trace': 'write',
    } as const;
    const acme = "import { ledger } from '@acme/ledger';";
    expect(said(acme, 'await ledger.post(id);', { effects })).toBe('write');
    expect(said(acme, 'await ledger.balance(id);', { effects })).toBe('read');
    expect(said(acme, 'await ledger.name();', { effects })).toBe('nothing');
    expect(said("import { flag } from '@acme/flags';", 'flag(id);', { effects })).toBe('random');
    expect(said("import axios from 'axios';", "await axios.post('x');", { effects })).toBe('nothing');
    expect(said('', 'acme.trace(id);', { effects })).toBe('write');
    expect(said(acme, 'await ledger.post(id);')).toBe('nothing');
  });
});
