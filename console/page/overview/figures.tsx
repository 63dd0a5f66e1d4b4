/** The figures of the flow, each with its last minutes. */
import type { ComponentChildren, JSX } from 'preact'
import type { History, Overview } from '../../api/overview/shapes.ts'
import { Sparkline } from '../parts/sparkline.tsx'
import { Tile } from '../parts/tile.tsx'
import { compactText, countText, rateText } from '../parts/words.ts'
import { pastOf } from './past.ts'

interface Props {
  readonly overview: Overview
  readonly past: History
}

interface Figure {
  readonly name: string
  readonly title: string
  readonly note: ComponentChildren
  /** Whether anything but zero needs a look. */
  readonly isBad?: boolean
}

export function Figures({ overview, past }: Props): JSX.Element {
  return (
    <dl class="tiles">
      {figuresOf(overview).map(({ name, title, note, isBad }) => {
        const value = overview.values[name] ?? null
        return (
          <Tile
            key={name}
            title={title}
            value={rateText(value)}
            note={note}
            tone={isBad && value ? 'bad' : 'plain'}
          >
            <Sparkline
              values={pastOf(past, name)}
              label={`${title} a second in the last minutes`}
              text={rateText}
              top={1}
            />
          </Tile>
        )
      })}
    </dl>
  )
}

function figuresOf({ totals, firing, openLetters }: Overview): Figure[] {
  const total = (name: string, text: string) => {
    const count = totals[name] ?? null
    return count === null ? 'not known' : `${compactText(count)} ${text}`
  }
  return [
    { name: 'in', title: 'Readings in', note: total('in', 'kept in the topic') },
    { name: 'applied', title: 'Applied', note: total('applied', 'by the processor') },
    { name: 'duplicates', title: 'Duplicates', note: total('duplicates', 'in all') },
    { name: 'failed', title: 'Failed', note: total('failed', 'kept in the topic'), isBad: true },
    {
      name: 'alerts',
      title: 'Alerts',
      note: firing === null ? 'not known' : <a href="/alerts">{countText(firing, 'alert')} firing</a>,
    },
    {
      name: 'letters',
      title: 'Dead letters',
      note: openLetters === null ? 'not known' : <a href="/failures">{compactText(openLetters)} open</a>,
      isBad: true,
    },
  ]
}
