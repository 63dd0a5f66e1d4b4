import { setTimeout as pause } from 'node:timers/promises'
import type { Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import type { Readings } from './readings.ts'
import { type Side, untilStored } from './side.ts'
import { inTurn, noted, type Setup, TITLES, WITHIN_MS, withReadings, withSide } from './sides.ts'

/** A rate that each side follows on a busy machine, too. */
const PER_SECOND = 200
const [WARM_UP_MS, KILLED_AFTER_MS, FLOW_MS] = [5_000, 3_000, 6_000]
/** Kafka Streams as a static member of its group: the broker does not wait for the one that was killed. */
const STATIC = ['group.instance.id=bench']

const KINDS = ['restate', 'streams', 'static', 'sluice'] as const
type Kind = (typeof KINDS)[number]

/** Seconds from SIGKILL to the first stored record that was sent after it. The program is started again at once. */
export async function killed(setup: Setup, run: Run): Promise<Figure[]> {
  const found: Record<Kind, number[]> = { restate: [], streams: [], static: [], sluice: [] }
  await inTurn(KINDS, run, async (kind, round) => {
    const seconds = await withReadings(setup, `${kind}-killed-${round}`, readings => {
      const measure = async (side: Side) => {
        await readings.flow(PER_SECOND, WARM_UP_MS)
        await noted(side, readings.sent, run)
        const [afterMs] = await Promise.all([
          killAmid(side, readings, run),
          readings.flow(PER_SECOND, FLOW_MS),
        ])
        return afterMs / 1000
      }
      const [name, settings] = kind === 'static' ? (['streams', STATIC] as const) : [kind, []]
      return withSide(name, readings, measure, { ...setup, settings }, run)
    })
    found[kind].push(seconds)
    run.say(`round ${round}  ${kind.padEnd(7)} continues ${seconds.toFixed(1)} s after SIGKILL`)
  })
  const figure = (title: string, kind: Kind): Figure => ({
    ...{ name: `peers/${title}, until a killed instance continues`, unit: 's', rounds: found[kind] },
    ...(kind === 'sluice' && { worse: 'higher' }),
  })
  return [
    figure(TITLES.restate, 'restate'),
    figure(TITLES.streams, 'streams'),
    figure(`${TITLES.streams} as a static member`, 'static'),
    figure(TITLES.sluice, 'sluice'),
  ]
}

/** Returns the milliseconds from the kill until a record is stored that was sent after it. */
async function killAmid(side: Side, readings: Readings, { signal }: Run): Promise<number> {
  await pause(KILLED_AFTER_MS, undefined, { signal })
  const killedAtMs = Date.now()
  const { sent } = readings
  await side.kill()
  await side.resume()
  await untilStored(side, sent + 1, { withinMs: WITHIN_MS, signal })
  return Date.now() - killedAtMs
}
