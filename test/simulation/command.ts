/** `npm run simulate`: plays seeds of all of Sluice, and searches the seeds that find a rule that is broken on purpose. */
import { oneOf, wholeNumber } from '#runtime/settings'
import { readOptions } from '../../scripts/command-line.ts'
import { runMain } from '../../scripts/run-main.ts'
import { playSeed } from './play.ts'
import { SABOTAGES } from './sabotages.ts'

const USAGE = `Usage: npm run simulate -- [--seed N] [--seeds N] [--from N] [--sabotage NAME]

Plays all consumers of Sluice and its scheduled functions under seeds, and counts what is lost, twice, out of order or stands still.

  --seed N         plays one seed, and prints its schedule as a story
  --seeds N        number of seeds; 100 by default
  --from N         first seed; 0 by default
  --sabotage NAME  breaks a rule on purpose, and ends with the first seed that finds it: ${Object.keys(SABOTAGES).join(', ')}`

const MOST_SEEDS = 999_999_999
const SEED = wholeNumber({ least: 0, most: MOST_SEEDS })

type SabotageName = keyof typeof SABOTAGES

interface Options {
  readonly seed?: number
  readonly seeds: number
  readonly from: number
  readonly sabotage?: SabotageName
}

await runMain({ readOptions: readArguments, usage: USAGE, run: simulate })

function readArguments(args: readonly string[]): Options | undefined {
  const declared = {
    help: { type: 'boolean', default: false },
    seed: { type: 'string' },
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '0' },
    sabotage: { type: 'string' },
  } as const
  const { help, ...options } = readOptions('npm run simulate', args, declared, {
    seed: SEED,
    seeds: wholeNumber({ least: 1, most: MOST_SEEDS }),
    from: SEED,
    sabotage: oneOf(Object.keys(SABOTAGES) as SabotageName[]),
  })
  return help ? undefined : options
}

async function simulate({ seed, seeds, from, sabotage }: Options, signal: AbortSignal): Promise<number> {
  const broken = sabotage && SABOTAGES[sabotage]
  const last = seed === undefined ? from + seeds - 1 : seed
  const beganMs = performance.now()
  let found = 0
  let faults = 0
  for (let next = seed ?? from; next <= last && !signal.aborted; next += 1) {
    const played = await playSeed({ seed: next, ...(broken && { sabotage: broken }) })
    faults += played.faults
    if (seed !== undefined) console.log(played.story())
    if (played.violations.length > 0) {
      found += 1
      console.log(
        [`seed ${next}: ${played.violations.length} violations`, ...played.violations.slice(0, 10)].join(
          '\n  ',
        ),
      )
      if (sabotage) return 0
    } else if (seed === undefined && (next + 1 - from) % 50 === 0)
      console.log(`${next + 1 - from} of ${seeds} seeds played, ${found} with violations`)
  }
  const seconds = (performance.now() - beganMs) / 1000
  if (signal.aborted) return 130
  const count = last - (seed ?? from) + 1
  console.log(
    `${count} seeds in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(1)} seeds a second), ${faults} faults, ${found} with violations`,
  )
  return found > 0 || sabotage ? 1 : 0
}
