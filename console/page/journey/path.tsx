/** The path of an event: first the way to the farthest that came of it, then all of it, as a tree. */
import type { JSX } from 'preact'
import type { JourneyAnswer } from '../../journey/answers.ts'
import { countText, durationText } from '../parts/words.ts'
import { mainWay } from './main-way.ts'
import { Tree } from './tree.tsx'
import { Way } from './way.tsx'
import { endOf } from './words.ts'

export function Path({ answer }: { readonly answer: JourneyAnswer }): JSX.Element {
  const { journey, missing, signals } = answer
  const { roots, end, events, decisions, fromMs, toMs } = journey
  const { says, tone } = endOf(end)
  const way = mainWay(roots)
  const onWay = new Set(way.flatMap(({ step, by }) => [step.key, ...(by ? [by.key] : [])]))
  const lasted =
    fromMs === undefined || toMs === undefined ? '' : `, ${durationText(toMs - fromMs)} from first to last`
  return (
    <section aria-label="The path of the event">
      <p class={`journey-headline journey-${tone}`} role="status">
        <strong>{says}</strong>{' '}
        <span>
          {countText(events, 'event')}, {countText(decisions, 'decision')}
          {lasted}.
        </span>
      </p>
      <Way stages={way} signals={signals} />
      {missing.length > 0 && (
        <ul class="journey-missing" aria-label="What is not known">
          {missing.map(one => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      <h2 class="unseen">Every step</h2>
      <Tree roots={roots} signals={signals} startMs={fromMs} onWay={onWay} />
    </section>
  )
}
