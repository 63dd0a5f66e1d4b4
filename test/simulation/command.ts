/** Plays one seed, and prints its schedule as a story; or plays several, and prints what they have found. */
import { parseArgs } from 'node:util'
import { playSeed } from './play.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' }, seeds: { type: 'string' } } })
if (values.seed !== undefined) {
  const played = await playSeed({ seed: Number(values.seed) })
  console.log(played.story())
  for (const violation of played.violations) console.log(violation)
} else {
  const beganMs = performance.now()
  for (let seed = 0; seed < Number(values.seeds ?? 100); seed += 1) {
    const { violations, faults } = await playSeed({ seed })
    if (violations.length > 0)
      console.log(`seed ${seed} (${faults} faults):\n  ${violations.slice(0, 6).join('\n  ')}`)
  }
  console.log(`${Math.round(performance.now() - beganMs)} ms, ${process.cpuUsage().user / 1000} ms CPU`)
}
process.exit(0)
