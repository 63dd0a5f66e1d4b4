/** Bar chart of the arrival times of dead letters. */
import type { JSX } from 'preact'
import type { DeadLettersAnswer } from '../../api/failures/dead-letters.ts'
import { Moment } from '../parts/marks.tsx'
import { countText, durationText, exactText, numberText } from '../parts/words.ts'

const HEIGHT = 100
const GAP = 0.15

export function Times({ times: { fromMs, toMs, counts } }: Pick<DeadLettersAnswer, 'times'>): JSX.Element {
  const most = Math.max(1, ...counts)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const each = durationText((toMs - fromMs) / counts.length)
  return (
    <figure class="failures-times">
      <figcaption>
        Arrivals{' '}
        <small>
          bars of {each}, at most {numberText(Math.max(0, ...counts))}
        </small>
      </figcaption>
      <svg
        viewBox={`0 0 ${counts.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${countText(total, 'dead letter')} over ${durationText(toMs - fromMs)}, at most ${most} in ${each}`}
      >
        {counts.map((count, part) => {
          const height = count === 0 ? 0 : Math.max(3, (count / most) * HEIGHT)
          const start = fromMs + ((toMs - fromMs) / counts.length) * part
          return (
            <rect key={start} x={part + GAP / 2} width={1 - GAP} y={HEIGHT - height} height={height}>
              <title>{`${countText(count, 'dead letter')} from ${exactText(start)} on`}</title>
            </rect>
          )
        })}
      </svg>
      <p class="failures-axis">
        <Moment at={fromMs} />
        <Moment at={(fromMs + toMs) / 2} />
        <Moment at={toMs} />
      </p>
    </figure>
  )
}
