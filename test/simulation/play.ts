/** Plays one seed of Sluice, and counts what is lost, twice, out of order, or stands still. */
import { compareWithUndisturbed, tellStory } from '#runtime/test/support/inside'
import { addFeed } from './feed.ts'
import { addOperators } from './operators.ts'
import { type SluiceOptions, SluiceSimulation } from './sluice.ts'
import { countViolations } from './violations.ts'

/** Numbers of events that come from outside. Short schedules are many, and long ones have what takes time. */
const EVENTS = [30, 200, 30, 60, 30, 30, 60]

export interface PlayedSeed {
  readonly seed: number
  /** What is lost, twice, out of order, in another state, or stands still; nothing if all is right. */
  readonly violations: readonly string[]
  readonly met: ReadonlySet<string>
  readonly faults: number
  readonly story: () => string
}

export async function playSeed(options: SluiceOptions): Promise<PlayedSeed> {
  const sluice = await SluiceSimulation.create(options)
  const { simulation } = sluice
  const inputs = addFeed(sluice, EVENTS[options.seed % EVENTS.length] as number)
  addOperators(sluice, 30)
  const mend = options.sabotage?.breakEngine?.()
  const undone = await simulation.run().finally(mend)
  const violations = undone.map(what => `stands still: ${what}`)
  for (const group of sluice.compared)
    for (const { kind, what } of await compareWithUndisturbed(group, simulation.log, simulation.store))
      violations.push(`${kind}: ${what}`)
  violations.push(...(await countViolations(sluice, inputs)))
  return {
    ...{ seed: options.seed, violations, met: sluice.met, faults: simulation.chance.struck.length },
    story: () => tellStory(simulation.happened).join('\n'),
  }
}
