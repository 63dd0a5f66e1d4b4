/** Statements that are saved or sent under `npm start`: the files of the folder decide what is in force. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { type FolderParts, StatementFolder } from '../../../../control/operations/statement-folder.ts'
import { readPlan } from '../../../../control/statements/statements.ts'
import { loadPlan } from '../../../../lib/views/adapters/plan-file.ts'
import { compilePlan } from '../../../../lib/views/language/compile-plan.ts'
import { parse } from '../../../../lib/views/language/parser.ts'
import type { ChangingStatement } from '../../../../lib/views/language/syntax.ts'
import { NO_TABLES, readableTables, type ViewPlan } from '../../../../lib/views/plan.ts'
import { createActivatedPlan } from '../../../../lib/views/plan-activation.ts'
import { Changing } from '../../../support/changing-tables.ts'
import { FAMILIES, NAMES } from '../../../support/families.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-statements-'))
after(() => rmSync(root, { recursive: true }))
const STREAM = "CREATE STREAM r (activity VARCHAR) WITH (KAFKA_TOPIC = 'readings');"
const tableText = (name: string, where = '') =>
  `CREATE TABLE ${name} AS SELECT activity, COUNT(*) AS n FROM r${where} GROUP BY activity;`
const SHIPPED = `${STREAM}\n${tableText('shipped')}`
const CREATE = tableText('a', ' WHERE activity IS NOT NULL')
let count = 0

class Started {
  readonly servers = new Changing()
  readonly folder = join(root, String(count++))
  readonly lines: string[] = []
  stop = new AbortController()

  static async create(): Promise<Started> {
    const started = new Started()
    mkdirSync(started.folder)
    started.save('a.sql', SHIPPED)
    started.servers.applied = Number.MAX_SAFE_INTEGER
    const plan = compilePlan(FAMILIES, [{ name: 'a', text: SHIPPED }], parse)
    await started.servers.inForce.write(createActivatedPlan(plan, []))
    return started
  }

  /** Opens the folder, as a start does. @param ports servers that differ */
  open(ports: object = {}, parts: Partial<FolderParts> = {}): StatementFolder {
    this.stop = new AbortController()
    return new StatementFolder({
      ...{ folder: this.folder, shownFolder: 'config/views', stop: this.stop.signal },
      getFamilies: () => FAMILIES,
      loadTopics: async () => TOPICS,
      readInForce: async () => (await this.servers.inForce.read()) ?? NO_TABLES,
      openPorts: async () => ({ ...this.servers.ports, ...ports }),
      trail: {
        ...{ by: 'ada', nowMs: Date.now, newId: randomUUID },
        connections: {
          config: { env: 'test', contentMode: 'binary', names: NAMES },
          publisher: async () => this.servers.publisher as never,
          writing: work => work(),
        },
      },
      report: line => this.lines.push(line),
      ...parts,
    })
  }

  save(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text)
  }

  get local(): string {
    const file = join(this.folder, 'local.sql')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  /** Names of the tables in force, and of those in the packaged plan. */
  async names() {
    const inForce = await this.servers.inForce.read()
    const packaged = existsSync(join(this.folder, 'plan.json')) ? (await loadPlan(this.folder)).tables : []
    return [readableTables(inForce ?? NO_TABLES), packaged].map(tables =>
      tables.map(({ name }) => name).sort(),
    )
  }
}

const send = (folder: StatementFolder, text: string) => folder.change(parse(text)[0] as ChangingStatement)

async function run(folder: StatementFolder, text: string): Promise<string> {
  const change = await send(folder, text)
  return 'notice' in change ? change.notice : change.ended
}

const IN_FORCE = 'tables in force: a, with 0 rows of the past'
const BOTH = ['a', 'shipped']
const TOPICS = { inputs: new Map() }
const namesOf = async (plan: Promise<ViewPlan>) => (await plan).tables.map(({ name }) => name).sort()

describe('a statement that is sent', () => {
  it('given CREATE and DROP, then file, packaged plan and plan in force have the table, or have it not', async () => {
    const started = await Started.create()
    const folder = started.open()
    assert.equal(await run(folder, CREATE), IN_FORCE)
    assert.ok(started.local.endsWith(`${CREATE}\n`))
    assert.deepEqual(await started.names(), [BOTH, BOTH])
    assert.match(await run(folder, CREATE.replace('TABLE', 'TABLE IF NOT EXISTS')), /already exists/)
    assert.equal(await run(folder, 'DROP TABLE A'), 'tables dropped: a')
    assert.doesNotMatch(started.local, /CREATE/)
    assert.deepEqual(await started.names(), [['shipped'], ['shipped']])
    assert.deepEqual(readdirSync(started.folder).sort(), ['a.sql', 'local.sql', 'plan.json'])
    assert.equal(
      await run(folder, "CREATE STREAM s (x INT) WITH (KAFKA_TOPIC = 'alerts')"),
      'the streams are in force',
    )
    assert.equal(started.lines.at(-2), 'tables dropped: a')
  })

  it('given a folder for what is sent, then the folder of the project stays, and a start and views apply know it', async () => {
    const started = await Started.create()
    const sent = join(started.folder, 'stack')
    const folder = started.open({}, { sent })
    await folder.apply()
    const packed = readFileSync(join(started.folder, 'plan.json'), 'utf8')
    const stream = "CREATE STREAM s (x INT) WITH (KAFKA_TOPIC = 'readings', PARTITIONS = 3)"
    assert.equal(
      await run(folder, stream),
      'the streams are in force\ns: nothing follows from PARTITIONS, because topics exist, and each record says its format',
    )
    assert.equal(await run(folder, CREATE), IN_FORCE)
    assert.deepEqual(readdirSync(started.folder).sort(), ['a.sql', 'plan.json', 'stack'])
    assert.equal(readFileSync(join(started.folder, 'plan.json'), 'utf8'), packed)
    assert.deepEqual(
      [(await started.names())[0], await namesOf(loadPlan(started.folder, sent))],
      [BOTH, BOTH],
    )
    const applied = readPlan(FAMILIES, started.folder, 'config/views', TOPICS, sent)
    assert.deepEqual(await namesOf(applied), BOTH)
    started.lines.splice(0)
    await started.open({}, { sent }).apply()
    assert.deepEqual([started.lines, (await started.names())[0]], [[], BOTH])
  })

  it('given the name of an example, then it steps aside with its tables, and a DROP stays until its file is saved', async () => {
    const started = await Started.create()
    rmSync(join(started.folder, 'a.sql'))
    started.save('device_ksql.sql', SHIPPED)
    const folder = started.open()
    const stays = /: the example stays away until config\/views\/device_ksql\.sql is saved, or until the data/
    assert.match(await run(folder, 'DROP TABLE shipped'), stays)
    assert.deepEqual(await started.names(), [[], []])
    const later = new Date(Date.now() + 60_000)
    utimesSync(join(started.folder, 'device_ksql.sql'), later, later)
    await folder.apply()
    assert.deepEqual(await started.names(), [['shipped'], ['shipped']])
    const answer = await run(folder, STREAM.replace('activity', 'model'))
    assert.match(answer, /^tables dropped: shipped\nr: the example of .* steps aside\nshipped: the example/)
    assert.deepEqual(await started.names(), [[], []])
    await started.open().apply()
    assert.deepEqual(await started.names(), [[], []])
  })

  it('given several at once, then each is written and put into force', async () => {
    const started = await Started.create()
    const folder = started.open()
    const names = ['a', 'b', 'c']
    const results = await Promise.all(names.map(name => run(folder, tableText(name))))
    for (const result of results) assert.match(result, /in force/)
    assert.deepEqual(await started.names(), [
      [...names, 'shipped'],
      [...names, 'shipped'],
    ])
  })

  it('given a change of another program, then it waits for that, and keeps what it did', async t => {
    const started = await Started.create()
    const { applying, inForce } = started.servers.ports
    const begun = { building: [], by: 'bob', begunAt: 'now', operation: 'x', attempt: 0, aliveMs: Date.now() }
    const own = await applying.take(begun as never)
    const read = t.mock.method(applying, 'read')
    const ended = run(started.open({ applying }), CREATE)
    await until('it has asked', () => read.mock.callCount() > 0)
    started.save('a.sql', STREAM)
    await inForce.update(plan => createActivatedPlan({ streams: plan?.streams ?? [], tables: [] }, []))
    await applying.end(own as never)
    assert.match(await ended, /^tables in force: a,/)
    assert.deepEqual(await started.names(), [['a'], ['a']])
  })

  it('given an error in a statement or in another file, then nothing is changed', async () => {
    const started = await Started.create()
    const folder = started.open()
    await assert.rejects(
      send(folder, CREATE.replace('FROM r', 'FROM gone')),
      /^StatementError: statement:1:55 /,
    )
    started.save('b.sql', 'CREATE TABLE b;')
    await assert.rejects(send(folder, CREATE), /config\/views\/b\.sql:1:\d+ /)
    assert.deepEqual([started.local, await started.names()], ['', [['shipped'], []]])
  })

  it('given a file that cannot be written, then nothing is begun', async () => {
    const started = await Started.create()
    mkdirSync(join(started.folder, '.local.sql.next'))
    await assert.rejects(send(started.open(), CREATE), /local\.sql: it is a folder/)
    assert.deepEqual(await started.names(), [['shipped'], []])
  })

  it('given no tables in force yet, then it is refused', async () => {
    const started = await Started.create()
    await started.servers.inForce.write(undefined as never)
    await assert.rejects(send(started.open(), CREATE), /The function clock puts them into force/)
  })

  for (const [statement, local, message] of [
    [CREATE, '', /local\.sql was changed, but not the tables: Kafka is away\. The next start/],
    ['DROP TABLE a', CREATE, /not the tables: Kafka is away\..* repeat a DROP/],
  ] as const)
    it(`given ${statement.slice(0, 6)} and servers that fail, then the error says what the file has`, async () => {
      const started = await Started.create()
      if (local) await run(started.open(), local)
      const update = async () => Promise.reject(new Error('Kafka is away'))
      const { read } = started.servers.inForce
      await assert.rejects(run(started.open({ inForce: { read, update } }), statement), message)
      assert.equal(started.local.includes('CREATE'), statement === CREATE)
      assert.match(started.lines.at(-1) ?? '', message)
      await started.open().apply()
      assert.deepEqual((await started.names())[0], BOTH)
    })

  for (const isInForce of [false, true])
    it(`given a stop ${isInForce ? 'after' : 'before'} the plan has changed, then the next start finishes it`, async () => {
      const started = await Started.create()
      const { inForce } = started.servers
      const update = async (next: never) => {
        const plan = isInForce ? await inForce.update(next) : undefined
        if (isInForce && plan?.building.length !== 0) return plan
        started.stop.abort()
        throw new Error('killed')
      }
      const stopped = run(started.open({ inForce: { read: inForce.read, update } }), CREATE)
      await assert.rejects(stopped, /not the tables: the server has ended/)
      await started.open().apply()
      assert.deepEqual(await started.names(), [BOTH, BOTH])
    })
})

describe('a save of an editor while a statement is sent', () => {
  const MINE = `-- mine\n${tableText('b')}\n`
  /** Steps of the way from the statement to its file: calls of the ports, and of the file system. */
  const steps = ['readInForce', 'loadTopics 1', 'loadTopics 2', 'loadTopics 3', 'writeFile'] as const
  for (const step of steps)
    for (const before of ['', tableText('b')])
      it(`given one at ${step}, with ${before ? 'a' : 'no'} file before, then the file has both`, async t => {
        const started = await Started.create()
        if (before) started.save('local.sql', before)
        let isSaved = false
        const saveAt = (at: string) => {
          if (at !== step || isSaved) return
          isSaved = true
          started.save('local.sql', MINE)
        }
        const { writeFile } = promises
        t.mock.method(promises, 'writeFile', async (...given: Parameters<typeof writeFile>) => {
          await writeFile(...given)
          saveAt('writeFile')
        })
        syncBuiltinESMExports()
        let count = 0
        const folder = started.open(
          {},
          {
            readInForce: async () => {
              saveAt('readInForce')
              return (await started.servers.inForce.read()) ?? NO_TABLES
            },
            loadTopics: async () => {
              saveAt(`loadTopics ${++count}`)
              return { inputs: new Map() }
            },
          },
        )
        assert.match(await run(folder, CREATE), /in force/)
        assert.equal(started.local, `${MINE}${CREATE}\n`)
        assert.deepEqual((await started.names())[0], ['a', 'b', 'shipped'])
        t.mock.restoreAll()
        syncBuiltinESMExports()
      })

  it('given a file that is empty or half written for a while, then it waits, and keeps what is written', async () => {
    const started = await Started.create()
    started.save('local.sql', MINE)
    const folder = started.open()
    await folder.apply()
    started.save('local.sql', MINE.slice(0, 9))
    const sent = run(folder, CREATE)
    setTimeout(() => started.save('local.sql', MINE), 1_000)
    assert.match(await sent, /in force/)
    assert.equal(started.local, `${MINE}${CREATE}\n`)
  })

  it('given saves without an end, then it is refused, and the file stays as it was saved', async () => {
    const started = await Started.create()
    let count = 0
    const loadTopics = async () => {
      started.save('local.sql', `-- ${++count}\n`)
      return { inputs: new Map() }
    }
    await assert.rejects(
      send(started.open({}, { loadTopics }), CREATE),
      /^OperationFailure: Nothing was changed, because config\/views\/local\.sql is being saved\. Repeat the statement\.$/,
    )
    assert.equal(started.local, `-- ${count}\n`)
  })

  it('given one after the statement was written that does not have it, then the answer is no success', async () => {
    const started = await Started.create()
    const folder = started.open(
      {},
      {
        readInForce: async () => {
          if (started.local.includes(CREATE)) started.save('local.sql', MINE)
          return (await started.servers.inForce.read()) ?? NO_TABLES
        },
      },
    )
    await assert.rejects(
      run(folder, CREATE),
      /Another program has saved local\.sql since, without a\. Repeat/,
    )
    assert.equal(started.local, MINE)
  })

  for (const comment of [
    '-- mine',
    `${tableText('b')} -- mine`,
    `${tableText('b').slice(0, -1)} -- mine`,
    '/* a */ -- b',
    '-- mine\r\n-- more',
  ])
    it(`given ${comment} without an end of line, then the statement is not part of it`, async () => {
      const started = await Started.create()
      started.save('local.sql', comment)
      assert.match(await run(started.open(), CREATE), /in force/)
      const lines = comment.replaceAll('\r\n', '\n')
      assert.ok(started.local.startsWith(lines) && started.local.endsWith(`\n${CREATE}\n`))
      assert.ok((await started.names())[0]?.includes('a'))
    })
})

describe('statements that are saved', () => {
  it('given a table that is new, changed or in error, then only files without errors change what is in force', async () => {
    const started = await Started.create()
    const folder = started.open()
    await folder.apply()
    assert.deepEqual(started.lines, [])
    started.save('b.sql', CREATE)
    await folder.apply()
    assert.deepEqual(await started.names(), [BOTH, BOTH])
    started.save('b.sql', `${tableText('b')}\nCREATE TABLE c;`)
    await folder.apply()
    await folder.apply()
    assert.deepEqual(await started.names(), [BOTH, BOTH])
    const [added, error, ...more] = started.lines.splice(0)
    assert.equal(added, IN_FORCE)
    assert.match(error ?? '', /^✗ the old tables are kept:\n {4}config\/views\/b\.sql:2:\d+ /)
    assert.deepEqual(more, [])
    started.save('b.sql', tableText('a'))
    await folder.apply()
    assert.deepEqual(started.lines.splice(0), [IN_FORCE])
    assert.deepEqual(await started.names(), [BOTH, BOTH])
    for (const text of ['CREATE TABLE c;', tableText('a'), tableText('a')]) {
      started.save('b.sql', text)
      await folder.apply()
    }
    assert.match(started.lines.shift() ?? '', /^✗ the old tables are kept:/)
    assert.deepEqual(started.lines, ['the error is corrected; the tables have not changed'])
  })

  it('given a table whose columns an earlier version named, then it stays as it is, in the packaged plan too', async () => {
    const started = await Started.create()
    const text = `${STREAM}\nCREATE TABLE k AS SELECT activity, COUNT(*) FROM r GROUP BY activity;`
    const { streams, tables } = compilePlan(FAMILIES, [{ name: 'a', text }], parse)
    const before = tables.map(table => ({ ...table, generation: '1ce579aa' }))
    await started.servers.inForce.write(createActivatedPlan({ streams, tables: before }, []))
    started.save('a.sql', text)
    await started.open().apply()
    assert.deepEqual(started.lines, [])
    const [packaged] = (await loadPlan(started.folder)).tables
    assert.deepEqual([packaged?.generation, packaged?.columns[1]?.name], ['1ce579aa', 'KSQL_COL_1'])
  })

  // Promise config/views/README.md#applying
  it('given a table that vanished from its file, then it stays until it is dropped', async () => {
    const started = await Started.create()
    started.save('b.sql', CREATE)
    const folder = started.open()
    await folder.apply()
    rmSync(join(started.folder, 'b.sql'))
    await folder.apply()
    assert.deepEqual(await started.names(), [BOTH, BOTH])
    assert.match(started.lines.at(-1) ?? '', /^tables without a statement: a; /)
    await run(folder, 'DROP TABLE a')
    assert.deepEqual(await started.names(), [['shipped'], ['shipped']])
  })

  it('given a folder that has the plan alone, then nothing is changed', async () => {
    const started = await Started.create()
    await started.open().apply()
    rmSync(join(started.folder, 'a.sql'))
    await started.open().apply()
    assert.deepEqual([started.lines, await started.names()], [[], [['shipped'], ['shipped']]])
  })

  it('given no tables in force yet, then it waits for them', async () => {
    const started = await Started.create()
    const plan = await started.servers.inForce.read()
    await started.servers.inForce.write(undefined as never)
    started.save('b.sql', CREATE)
    const applied = started.open().apply()
    await started.servers.inForce.write(plan as never)
    await applied
    assert.deepEqual((await started.names())[0], BOTH)
  })
})
