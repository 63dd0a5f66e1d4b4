/** A decision of a consumer on a path: how it ended, and why. */
import type { JSX } from 'preact'
import type { DecisionStep, EventStep } from '../../../lib/queries/journey/model.ts'
import { countText, durationText } from '../parts/words.ts'
import { stateAddress } from './links.ts'
import { outcomeOf, purposeOf } from './words.ts'

interface Props {
  readonly decision: DecisionStep
  /** What it was about. */
  readonly of: EventStep
  /** Where the path begins, in milliseconds since the epoch. */
  readonly startMs: number | undefined
}

export function Verdict({ decision, of, startMs }: Props): JSX.Element {
  const { consumer, reason, timer, toMs, place } = decision
  const { word, tone } = outcomeOf(decision)
  const purpose = purposeOf(consumer)
  return (
    <div class={`journey-verdict journey-${tone}`}>
      <span class="journey-who">
        <a href={stateAddress(decision, of)}>{consumer}</a>
        {purpose && <small>{purpose}</small>}
        {of.places.length > 1 && place && <small>about offset {place.offset}</small>}
      </span>
      <span class="journey-what">
        <span class="journey-outcome">{timer === undefined ? word : `timer ${timer} fired`}</span>{' '}
        {reason !== undefined && <code>{reason}</code>} <Because decision={decision} />
      </span>
      {toMs !== undefined && startMs !== undefined && (
        <span class="journey-time">+{durationText(Math.max(0, toMs - startMs))}</span>
      )}
    </div>
  )
}

function Because({ decision }: { readonly decision: DecisionStep }): JSX.Element | null {
  const { outcome, why, knownBy, behind } = decision
  if (outcome === 'waiting')
    return (
      <span>{behind === 0 ? 'it is the next record' : `${countText(behind ?? 0, 'record')} before it`}</span>
    )
  if (outcome === 'decided') return <span>its state is past the record; how it ended is not known</span>
  if (why !== undefined) return <Sentence text={why} />
  return knownBy === 'emission' ? <span>it emitted what follows; why is not known</span> : null
}

/** With its names as code, which stand between backticks. */
function Sentence({ text }: { readonly text: string }): JSX.Element {
  return (
    <span>
      {text.split('`').map((part, index) => (index % 2 === 0 ? part : <code key={part}>{part}</code>))}
    </span>
  )
}
