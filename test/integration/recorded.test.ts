import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type EntityStatistics, summarise } from '../../lib/analytics/process.ts'
import { CONSUMERS_OF_READINGS, taken } from '../support/consumers.ts'
import { outcomes, TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { type Counted, countedByHand, RECORDINGS, type Recording, sluice } from '../support/recordings.ts'

const THRESHOLD = 27
const RULES = `
rules:
  - name: WARM
    family: environment
    metric: temperature
    fireAbove: ${THRESHOLD}
    severity: warning
`

/** The kill takes two more starts of all functions, so it is played once: with the longest recording that there is. */
const KILLED = RECORDINGS.find(({ skip }) => !skip)

for (const recording of RECORDINGS)
  describe(`${recording.name}, replayed at full speed`, { timeout: 240_000 }, () => {
    const { skip } = recording
    let folder: string
    let replays: Replays

    before(async () => {
      if (skip) return
      folder = await mkdtemp(join(tmpdir(), 'sluice-recorded-'))
      await writeFile(join(folder, 'warm.yaml'), RULES)
      replays = await Replays.of(recording, folder)
    })

    after(async () => {
      await replays?.end()
      if (folder) await rm(folder, { recursive: true, force: true })
    })

    it('when it comes for the first time, then each reading is applied once, with the expected results', {
      skip,
    }, async () => {
      const { environment, total, byHand } = replays
      await sluice('replay', replays.stream, '--speed', 'max', '--env', environment.name)
      await environment.untilTrimmed()
      assert.ok(byHand.fired > 0)
      for (const consumer of CONSUMERS_OF_READINGS) {
        const tally = await environment.tally(consumer)
        assert.equal(taken(tally), total)
        assert.equal(sum(tally), total, 'and none ended otherwise')
      }
      assertStatistics(await environment.states('processor'), byHand)
      const alerts = await alertsOf(environment)
      assert.deepEqual([alerts.fired.length, alerts.resolved.length], [byHand.fired, byHand.resolved])
    })

    it('when it comes once more, then all of it are duplicates, and nothing else changes', {
      skip,
    }, async () => {
      const { environment, total } = replays
      const before = await pictureOf(environment)
      await sluice('replay', replays.stream, '--speed', 'max', '--env', environment.name)
      await environment.untilTrimmed()
      for (const consumer of CONSUMERS_OF_READINGS) {
        const tally = await environment.tally(consumer)
        assert.equal(outcomes(tally, 'duplicate'), outcomes(tally, 'applied'))
        assert.equal(sum(tally), 2 * total)
      }
      assert.deepEqual(await pictureOf(environment), before)
    })

    if (recording === KILLED)
      it('given functions that are killed in the middle and started again, then the same comes out', async () => {
        const expected = await pictureOf(replays.environment)
        const { environment, offline } = await replays.another()
        const half = Math.floor(replays.total / 2)
        const replay = (...part: string[]) =>
          sluice('replay', replays.stream, '--speed', 'max', '--env', environment.name, ...part)
        await replay('--limit', String(half))
        await environment.untilDecided('processor', 1)
        const rest = replay('--from-line', String(half + 1))
        await offline.kill()
        const decided = await environment.decided('processor')
        assert.ok(decided < replays.total, 'it was in the middle')
        await rest
        await offline.start()
        await environment.untilTrimmed()
        for (const consumer of CONSUMERS_OF_READINGS)
          assert.equal(taken(await environment.tally(consumer)), replays.total)
        assert.deepEqual(await pictureOf(environment), expected)
      })
  })

/** A recording, and the environments that it is replayed into, each with functions of its own. */
class Replays {
  readonly stream: string
  readonly total: number
  readonly byHand: Counted
  readonly environment: TestEnvironment
  readonly #folder: string
  readonly #running: { readonly environment: TestEnvironment; readonly offline: Offline }[] = []

  private constructor(
    stream: string,
    total: number,
    byHand: Counted,
    environment: TestEnvironment,
    folder: string,
  ) {
    this.stream = stream
    this.total = total
    this.byHand = byHand
    this.environment = environment
    this.#folder = folder
  }

  static async of(recording: Recording, folder: string): Promise<Replays> {
    const observations = await recording.observations()
    const byHand = countedByHand(observations, THRESHOLD)
    const environment = await TestEnvironment.create()
    const replays = new Replays(
      await recording.stream(folder),
      observations.length,
      byHand,
      environment,
      folder,
    )
    await replays.#start(environment)
    return replays
  }

  async another(): Promise<{ environment: TestEnvironment; offline: Offline }> {
    return this.#start(await TestEnvironment.create())
  }

  async end(): Promise<void> {
    for (const { environment, offline } of this.#running) {
      await offline.stop()
      await environment.close()
    }
  }

  async #start(environment: TestEnvironment) {
    const running = {
      environment,
      offline: await Offline.start(environment.name, { RULES_DIR: this.#folder }),
    }
    this.#running.push(running)
    return running
  }
}

/** All that must be the same whenever the same recording was processed; an alert that was published twice is one. */
async function pictureOf(environment: TestEnvironment) {
  const [processor, alerting] = [await environment.states('processor'), await environment.states('alerting')]
  const { fired, resolved } = await alertsOf(environment)
  return { processor: sorted(processor), alerting: sorted(alerting), fired, resolved }
}

/** The ids of the events, each once. */
async function alertsOf(environment: TestEnvironment): Promise<{ fired: string[]; resolved: string[] }> {
  const records = await environment.read('alerts')
  const ids = (type: string) => {
    const own = records.filter(({ headers }) => String(headers?.ce_type) === `io.sluice.alert.${type}.v1`)
    return [...new Set(own.map(({ headers }) => String(headers?.ce_id)))].sort()
  }
  return { fired: ids('fired'), resolved: ids('resolved') }
}

function assertStatistics(states: ReadonlyMap<string, unknown>, { statistics }: Counted): void {
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
