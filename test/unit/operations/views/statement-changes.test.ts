/** CREATE and DROP under `npm start`: file and plan change together or not at all. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { ChangingStatement } from '../../../../lib/operations/views/local-statements.ts'
import { StatementChanges } from '../../../../lib/operations/views/statement-changes.ts'
import { loadPlan } from '../../../../lib/views/adapters/plan-file.ts'
import { compilePlan } from '../../../../lib/views/language/compile-plan.ts'
import { parse } from '../../../../lib/views/language/parser.ts'
import { createActivatedPlan } from '../../../../lib/views/plan-activation.ts'
import { Changing } from '../../../support/changing-tables.ts'
import { FAMILIES, NAMES } from '../../../support/families.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-statements-'))
after(() => rmSync(root, { recursive: true }))
const SHIPPED = `CREATE STREAM r (activity VARCHAR) WITH (KAFKA_TOPIC = 'readings');
  CREATE TABLE shipped AS SELECT activity, COUNT(*) AS n FROM r GROUP BY activity;`
const CREATE =
  'CREATE TABLE a AS SELECT activity, COUNT(*) AS n FROM r WHERE activity IS NOT NULL GROUP BY activity'
let count = 0

class Started {
  readonly servers = new Changing()
  readonly folder = join(root, String(count++))
  readonly lines: string[] = []
  readonly stop = new AbortController()

  static async create(): Promise<Started> {
    const started = new Started()
    mkdirSync(started.folder)
    writeFileSync(join(started.folder, 'a.sql'), SHIPPED)
    started.servers.applied = Number.MAX_SAFE_INTEGER
    const plan = compilePlan(FAMILIES, [{ name: 'a', text: SHIPPED }], parse)
    await started.servers.inForce.write(createActivatedPlan(plan, []))
    return started
  }

  get noteFile(): string {
    return `${this.folder}.note`
  }

  open(change: object = {}): StatementChanges {
    return new StatementChanges({
      ...{
        folder: this.folder,
        shownFolder: 'config/views',
        noteFile: this.noteFile,
        stop: this.stop.signal,
        getFamilies: () => FAMILIES,
        loadTopics: async () => ({ inputs: new Map() }),
      },
      openPorts: async () => ({ ...this.servers.ports, ...change }),
      trail: {
        by: 'ada',
        config: { env: 'test', contentMode: 'binary', names: NAMES },
        publisher: async () => this.servers.publisher as never,
      },
      report: line => this.lines.push(line),
    })
  }

  get local(): string {
    const file = join(this.folder, 'local.sql')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  async names(): Promise<readonly string[]> {
    return ((await this.servers.inForce.read())?.tables ?? []).map(({ name }) => name).sort()
  }
}

const statementOf = (text: string) => parse(text)[0] as ChangingStatement

async function run(changes: StatementChanges, text: string) {
  const change = await changes.begin(statementOf(text))
  assert.ok('ended' in change)
  await change.ended
  return change
}

describe('a statement under npm start', () => {
  it('given CREATE and DROP, then file, packaged plan and plan in force have the table, or have it not', async () => {
    const started = await Started.create()
    const changes = started.open()
    const created = await run(changes, CREATE)
    assert.deepEqual(
      [created.id, created.status, created.describe()],
      ['table/A/create', 'SUCCESS', 'The table a is in force, with 0 rows of the past.'],
    )
    assert.ok(started.local.endsWith(`${CREATE};\n`))
    assert.deepEqual(await started.names(), ['a', 'shipped'])
    assert.deepEqual(
      (await loadPlan(started.folder)).tables.map(({ name }) => name),
      ['shipped', 'a'],
    )
    assert.equal(changes.find('table/A/create'), created)
    await run(changes, 'DROP TABLE a')
    assert.doesNotMatch(started.local, /CREATE/)
    assert.deepEqual(await started.names(), ['shipped'])
    assert.deepEqual(readdirSync(started.folder).sort(), ['a.sql', 'local.sql', 'plan.json'])
    await run(changes, "CREATE STREAM s (x INT) WITH (KAFKA_TOPIC = 'alerts')")
    assert.deepEqual(
      (await started.servers.inForce.read())?.streams.map(({ name }) => name),
      ['r', 's'],
    )
    assert.ok(started.lines.includes('table a: a was dropped.'))
  })

  it('given a second statement while one runs, then it gets the message of the running one, and changes nothing', async () => {
    const started = await Started.create()
    const changes = started.open()
    const [first, second] = await Promise.allSettled([
      run(changes, CREATE),
      run(changes, 'DROP TABLE shipped'),
    ])
    assert.equal(first.status, 'fulfilled')
    assert.match(
      String((second as PromiseRejectedResult).reason),
      /the tables are being changed since .* by ada/,
    )
    await started.servers.ports.applying.take({
      ...{ building: [], by: 'bob', begunAt: 'now' },
      operation: 'x',
      attempt: 0,
      aliveMs: Date.now(),
    } as never)
    const other = await run(changes, 'DROP TABLE a')
    assert.match(other.describe(), /are being changed since now by bob/)
    assert.match(started.local, /CREATE TABLE a/)
    assert.deepEqual(await started.names(), ['a', 'shipped'])
  })

  it('given servers that fail, then neither file nor tables have changed, and the next statement works', async () => {
    const started = await Started.create()
    const publisher = {
      ...started.servers.publisher,
      publish: async () => Promise.reject(new Error('Kafka is away')),
    }
    const failed = await run(started.open({ publisher }), CREATE)
    assert.deepEqual([failed.status, failed.describe()], ['ERROR', 'Kafka is away'])
    assert.deepEqual([started.local, existsSync(started.noteFile)], ['', false])
    await run(started.open(), "CREATE STREAM s (x INT) WITH (KAFKA_TOPIC = 'alerts')")
    assert.deepEqual(await started.names(), ['shipped'])
  })

  it('given a file that cannot be written, then nothing is begun', async () => {
    const started = await Started.create()
    mkdirSync(join(started.folder, '.local.sql.next'))
    await assert.rejects(started.open().begin(statementOf(CREATE)), /local\.sql\.next: it is a folder/)
    assert.deepEqual([await started.names(), existsSync(started.noteFile)], [['shipped'], false])
  })

  for (const isInForce of [false, true])
    it(`given a stop while it runs, ${isInForce ? 'after' : 'before'} the plan has changed, then the next start finishes it`, async () => {
      const started = await Started.create()
      const { ports } = started.servers
      const inForce = {
        read: () => ports.inForce.read(),
        update: async (next: never) => {
          const plan = isInForce ? await ports.inForce.update(next) : undefined
          if (isInForce && plan?.building.length !== 0) return plan
          started.stop.abort()
          throw new Error('killed')
        },
      }
      const stopped = await run(started.open({ inForce }), CREATE)
      assert.equal(stopped.describe(), 'Stopped. The next start finishes it.')
      assert.deepEqual(
        [started.local, await started.names()],
        ['', isInForce ? ['a', 'shipped'] : ['shipped']],
      )
      const next = new StatementChanges({ ...startedParts(started), stop: new AbortController().signal })
      await next.finishInterrupted()
      assert.match(started.local, /CREATE TABLE a/)
      assert.deepEqual([await started.names(), existsSync(started.noteFile)], [['a', 'shipped'], false])
    })
})

describe('a statement that a crash has interrupted', () => {
  for (const [text, begun, names] of [
    [CREATE, '', ['a', 'shipped']],
    ['DROP TABLE a', CREATE, ['shipped']],
  ] as const)
    it(`given ${text.slice(0, 6)} and a kill between the changes of local.sql and plan.json, then the next start changes plan.json`, async () => {
      const started = await Started.create()
      if (begun) await run(started.open(), begun)
      const planFile = join(started.folder, 'plan.json')
      const before = begun && readFileSync(planFile, 'utf8')
      await run(started.open(), text)
      writeFileSync(planFile, before)
      writeFileSync(started.noteFile, `${text};`)
      const local = started.local
      await started.open().finishInterrupted()
      assert.deepEqual((await loadPlan(started.folder)).tables.map(({ name }) => name).sort(), names)
      assert.deepEqual(
        [started.local, await started.names(), existsSync(started.noteFile)],
        [local, names, false],
      )
    })

  it('given that it cannot be finished, then the message says why, it stays noted, and others are refused until it is', async () => {
    const started = await Started.create()
    const note = CREATE.replace('FROM r', 'FROM gone')
    writeFileSync(started.noteFile, note)
    await assert.rejects(started.open().finishInterrupted(), /change of a\. .*\.note: .*unknown stream gone/s)
    await assert.rejects(started.open().begin(statementOf('DROP TABLE shipped')), /or remove .*\.note/)
    assert.equal(readFileSync(started.noteFile, 'utf8'), note)
    writeFileSync(started.noteFile, CREATE)
    const publisher = {
      ...started.servers.publisher,
      publish: async () => Promise.reject(new Error('Kafka is away')),
    }
    await started.open({ publisher }).finishInterrupted()
    assert.deepEqual([started.lines.at(-1), existsSync(started.noteFile)], ['table a: Kafka is away', true])
  })

  it('given a statement while it runs, then the answer says that it runs, without a wait for its end', async () => {
    const started = await Started.create()
    const changes = started.open()
    writeFileSync(started.noteFile, CREATE)
    await assert.rejects(
      changes.begin(statementOf("CREATE STREAM s (x INT) WITH (KAFKA_TOPIC = 'alerts')")),
      /are being changed since .* by ada/,
    )
    const noted = changes.find('table/A/create')
    assert.equal(noted?.status, 'EXECUTING')
    await noted.ended
    assert.deepEqual([await started.names(), existsSync(started.noteFile)], [['a', 'shipped'], false])
  })

  it('given a note that is no statement, then a line says so, and the next statement works', async () => {
    const started = await Started.create()
    writeFileSync(started.noteFile, 'CREATE TAB')
    await started.open().finishInterrupted()
    assert.match(started.lines[0] ?? '', /\.note has no statement that can be read/)
    assert.equal((await run(started.open(), CREATE)).status, 'SUCCESS')
    assert.deepEqual(
      readdirSync(root).filter(name => name.startsWith(`${basename(started.folder)}.`)),
      [],
    )
  })
})

function startedParts(started: Started) {
  return {
    ...{ folder: started.folder, shownFolder: 'config/views', noteFile: started.noteFile },
    getFamilies: () => FAMILIES,
    loadTopics: async () => ({ inputs: new Map() }),
    openPorts: async () => started.servers.ports,
    trail: {
      by: 'ada',
      config: { env: 'test', contentMode: 'binary' as const, names: NAMES },
      publisher: async () => started.servers.publisher as never,
    },
    report: () => {},
  }
}
