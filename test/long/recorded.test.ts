import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type EntityStatistics, summarise } from '../../lib/analytics/processor.ts'
import { taken } from '../support/consumers.ts'
import { outcomes, TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { type Counted, countedByHand, RECORDINGS, type Recording } from '../support/recordings.ts'
import { sluice } from '../support/sluice.ts'

const CONSUMERS = ['processor', 'alerting']
const THRESHOLD = 27
const RULES = `
rules:
  - name: WARM
    family: environment
    metric: temperature
    fireAbove: ${THRESHOLD}
    severity: warning
`

const USABLE = RECORDINGS.filter(({ skip }) => !skip)

/** The kill takes two more starts of the functions, so it is played once: with the longest recording that there is. */
const [KILLED] = USABLE

describe('recordings, replayed one after another at full speed', () => {
  let folder: string
  let replays: Replays

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-recorded-'))
    await writeFile(join(folder, 'warm.yaml'), RULES)
    replays = await Replays.start(folder)
  })

  after(async () => {
    await replays?.end()
    await rm(folder, { recursive: true, force: true })
  })

  it('are there', () => assert.ok(USABLE.length > 0))

  for (const recording of RECORDINGS)
    describe(recording.name, { skip: recording.skip }, () => {
      let replayed: Replayed

      it('when it comes for the first time, then each reading is applied once, with the expected results', async () => {
        replayed = await replays.add(recording)
        await replay(replayed.stream, replays.environment)
        const { environment, total, sent, byHand } = replays
        await environment.untilTrimmed(CONSUMERS)
        assert.ok(replayed.byHand.fired > 0)
        for (const consumer of CONSUMERS) {
          const tally = await environment.tally(consumer)
          assert.equal(taken(tally), total)
          assert.equal(sum(tally), sent, 'and none ended otherwise')
        }
        assertStatistics(await environment.states('processor'), byHand.statistics)
        const alerts = await listAlerts(environment)
        assert.deepEqual([alerts.fired.length, alerts.resolved.length], [byHand.fired, byHand.resolved])
      })

      it('when it comes once more, then all of it are duplicates, and nothing else changes', async () => {
        const { environment } = replays
        const before = await createPicture(environment)
        replays.again(replayed)
        await replay(replayed.stream, environment)
        await environment.untilTrimmed(CONSUMERS)
        for (const consumer of CONSUMERS) {
          const tally = await environment.tally(consumer)
          assert.equal(outcomes(tally, 'duplicate'), outcomes(tally, 'applied'))
          assert.equal(sum(tally), replays.sent)
        }
        assert.deepEqual(await createPicture(environment), before)
      })

      if (recording === KILLED)
        it('given functions that are killed in the middle and started again, then the same comes out', async () => {
          const expected = await createPicture(replays.environment)
          const { environment, offline } = await replays.another()
          const { stream, total } = replayed
          const half = Math.floor(total / 2)
          await replay(stream, environment, '--limit', String(half))
          await environment.untilDecided('processor', 1)
          const rest = replay(stream, environment, '--skip', String(half))
          await offline.kill()
          const decided = await environment.decided('processor')
          assert.ok(decided < total, 'it was in the middle')
          await rest
          await offline.start()
          await environment.untilTrimmed(CONSUMERS)
          for (const consumer of CONSUMERS) assert.equal(taken(await environment.tally(consumer)), total)
          assert.deepEqual(await createPicture(environment), expected)
        })
    })
})

function replay(stream: string, { name }: TestEnvironment, ...part: string[]): Promise<string> {
  return sluice('replay', stream, '--speed', 'max', '--env', name, ...part)
}

interface Replayed {
  readonly stream: string
  readonly total: number
  readonly byHand: Counted
}

interface Running {
  readonly environment: TestEnvironment
  readonly offline: Offline
}

/** The recordings so far, the environment that they are replayed into, and others, each with functions of its own. */
class Replays {
  readonly environment: TestEnvironment
  /** How many records were sent in all, and how many of them are not repetitions. */
  sent = 0
  total = 0
  /** Expected counts of all recordings together, which have no entity in common. */
  byHand: Counted = { fired: 0, resolved: 0, statistics: new Map() }
  readonly #folder: string
  readonly #running: Running[]

  private constructor(folder: string, first: Running) {
    this.environment = first.environment
    this.#folder = folder
    this.#running = [first]
  }

  static async start(folder: string): Promise<Replays> {
    return new Replays(folder, await running(folder))
  }

  /** Counts a recording that is about to be replayed for the first time. */
  async add(recording: Recording): Promise<Replayed> {
    const observations = await recording.observations()
    const byHand = countedByHand(observations, THRESHOLD)
    this.byHand = {
      fired: this.byHand.fired + byHand.fired,
      resolved: this.byHand.resolved + byHand.resolved,
      statistics: new Map([...this.byHand.statistics, ...byHand.statistics]),
    }
    this.total += observations.length
    this.sent += observations.length
    return { stream: await recording.stream(this.#folder), total: observations.length, byHand }
  }

  /** Counts a recording that is about to be repeated. */
  again({ total }: Replayed): void {
    this.sent += total
  }

  async another(): Promise<Running> {
    const another = await running(this.#folder)
    this.#running.push(another)
    return another
  }

  async end(): Promise<void> {
    for (const { environment, offline } of this.#running) {
      await offline.stop()
      await environment.close()
    }
  }
}

async function running(rulesDir: string): Promise<Running> {
  const environment = await TestEnvironment.create()
  const offline = await Offline.start(environment.name, { RULES_DIR: rulesDir }, { only: CONSUMERS })
  return { environment, offline }
}

/** All that must be the same whenever the same recording was processed; an alert that was published twice is one. */
async function createPicture(environment: TestEnvironment) {
  const [processor, alerting] = [await environment.states('processor'), await environment.states('alerting')]
  const { fired, resolved } = await listAlerts(environment)
  return { processor: sorted(processor), alerting: sorted(alerting), fired, resolved }
}

/** The ids of the events, each once. */
async function listAlerts(environment: TestEnvironment): Promise<{ fired: string[]; resolved: string[] }> {
  const records = await environment.read('alerts')
  const ids = (type: string) => {
    const own = records.filter(({ headers }) => String(headers?.ce_type) === `io.sluice.alert.${type}.v1`)
    return [...new Set(own.map(({ headers }) => String(headers?.ce_id)))].sort()
  }
  return { fired: ids('fired'), resolved: ids('resolved') }
}

function assertStatistics(states: ReadonlyMap<string, unknown>, statistics: Counted['statistics']): void {
  assert.deepEqual([...states.keys()].sort(), [...statistics.keys()].sort())
  for (const [entity, expected] of statistics) {
    const found = summarise(states.get(entity) as EntityStatistics).metrics.temperature
    assert.equal(found?.count, expected.count)
    for (const name of ['minimum', 'maximum', 'mean'] as const)
      assert.ok(Math.abs((found?.[name] ?? Number.NaN) - expected[name]) < 1e-6, `${name} of ${entity}`)
  }
}

function sorted(states: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...states].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** All records, however they ended. Steps of timers are counted as well, but are not records. */
function sum(tally: Readonly<Record<string, number>>): number {
  const records = Object.entries(tally).filter(([name]) => !name.startsWith('timer/'))
  return records.reduce((total, [, count]) => total + count, 0)
}
