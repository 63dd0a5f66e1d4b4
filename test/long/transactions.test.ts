/** The samples with transactions on a real broker, read by a function behind the Kafka trigger. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { startProcess } from '#local-servers/managed-process'
import { environmentReading } from '#runtime/test/support/records'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { clientLaunch, installClientExamples } from '../support/client-examples.ts'
import { TestEnvironment } from '../support/environment.ts'
import { NAMES } from '../support/families.ts'
import { Offline } from '../support/offline.ts'
import { writtenMessage } from '../support/written-message.ts'
import { ran } from '../unit/cli/terminal.ts'

const CLIENTS = ['kafkajs', 'confluent-kafka'] as const
const MODES = ['binary', 'structured'] as const

interface Finding {
  readonly check: string
  readonly subject: string
  readonly verdict: string
}

/** Reasons with which the process applies a reading. */
const APPLIED = ['applied/counted', 'applied/window-closed']

function sumApplied(tally: Readonly<Record<string, number>>): number {
  return APPLIED.reduce((sum, outcome) => sum + (tally[outcome] ?? 0), 0)
}

describe('the samples with transactions', () => {
  const { folder, remove } = temporaryFolder()
  let environment: TestEnvironment
  let offline: Offline

  before(async () => {
    const [created] = await Promise.all([TestEnvironment.create(), installClientExamples()])
    environment = created
    offline = await Offline.start(environment.name, {}, { only: ['processor'] })
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    remove()
  })

  async function run(client: (typeof CLIENTS)[number], mode: string): Promise<string[]> {
    const log = join(folder, `${client}-${mode}.log`)
    const env = { TOPIC: environment.topic('readings') }
    const process = await startProcess(await clientLaunch(client, 'transaction', [mode], env), log)
    const { code } = await process.exited
    const output = readFileSync(log, 'utf8')
    assert.equal(code, 0, output)
    return output.trimEnd().split('\n')
  }

  async function sluice(args: readonly string[], expected = 0): Promise<string> {
    const servers = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() }
    const { status, stdout, stderr } = await ran(args, {
      environment: { SLUICE_ENV: environment.name, ...servers },
    })
    assert.equal(status, expected, stderr)
    return stdout
  }

  // Promise docs/clients.md#transactions | Of the example transactions, only committed readings are applied.
  it('given a committed and an aborted transaction of each client, then only the committed readings are applied', async () => {
    const written: string[] = []
    for (const mode of MODES)
      for (const client of CLIENTS) {
        const [committed = '', aborted = ''] = (await run(client, mode)).filter(line =>
          /^(Committed|Aborted) /.test(line),
        )
        assert.match(committed, /^Committed roof@\S+, cellar@\S+$/)
        assert.match(aborted, /^Aborted café@\S+$/)
        written.push(...committed.slice('Committed '.length).split(', '))
      }
    /** Waits for readings. The first one of an entity in a later minute of the clock also closes the minute before. */
    const untilApplied = async (readings: number) => {
      const describe = () => environment.tally('processor')
      await until(`${readings} readings are applied`, async () => sumApplied(await describe()) >= readings, {
        describe,
      })
      return describe()
    }
    await untilApplied(written.length)

    await until('the offsets of markers and aborted records are committed', async () => {
      const { rows } = JSON.parse(
        await sluice(['groups', 'lag', NAMES.groupName('processor', environment.name), '--json']),
      )
      return rows[0].pending === 0
    })
    const { findings } = JSON.parse(await sluice(['doctor', '--json'], 1))
    const commits = findings.filter(
      ({ check, subject }: Finding) => check === 'commits' && subject.startsWith('processor on '),
    )
    assert.deepEqual(
      commits.map(({ verdict }: Finding) => verdict),
      ['ok'],
    )

    // Readings behind the aborted records and the markers of all partitions arrive, too.
    const later = ['roof', 'cellar', 'café'].map(sensor => ({
      ...writtenMessage(environmentReading(`later ${sensor}`, { sensor })),
      key: sensor,
    }))
    await environment.client.send(environment.topic('readings'), later)
    const tally = await untilApplied(written.length + later.length)

    assert.equal(sumApplied(tally), written.length + later.length)
    const others = Object.keys(tally).filter(outcome => !APPLIED.includes(outcome))
    assert.deepEqual(others, [], 'nothing else was decided')
    const entities = [...(await environment.states('processor')).keys()].sort()
    assert.deepEqual(
      entities,
      [
        ...CLIENTS.flatMap(client => [`/environment/${client} cellar`, `/environment/${client} roof`]),
        ...['cellar', 'café', 'roof'].map(sensor => `/environment/test-site ${sensor}`),
      ].sort(),
    )
  })

  it('when the topic is read with a command, then the aborted readings are left out', async () => {
    const stdout = await sluice(['consume', '--topic', 'readings', '--no-follow'])
    for (const client of CLIENTS) assert.match(stdout, new RegExp(`roof .*"site":"${client}"`))
    assert.match(stdout, /café .*"site":"test-site"/)
    assert.doesNotMatch(stdout, /café .*"site":"(?!test-site)/)
  })
})
