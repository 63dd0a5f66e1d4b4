/** Tests rules on recent readings and shows the alerts that they would have published. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { RulesTried, TriedFiring, TriedRow } from '../../api/alerts/trial.ts'
import { act } from '../data/answers.ts'
import { Choice, Outcome, useAction } from '../parts/forms.tsx'
import { Moment } from '../parts/marks.tsx'
import {
  type Column,
  column,
  entityColumn,
  numberColumn,
  Table,
  textColumn,
  timeColumn,
} from '../parts/table.tsx'
import { countText, durationText, numberText } from '../parts/words.ts'
import { trialText, valueText } from './words.ts'

const HOURS = [
  ['0.25', '15 minutes'],
  ['1', '1 hour'],
  ['6', '6 hours'],
  ['24', '1 day'],
  ['168', '7 days'],
] as const

export function TrialPart({ text }: { readonly text: string }): JSX.Element {
  const [hours, setHours] = useState('1')
  const [entity, setEntity] = useState('')
  const [tried, setTried] = useState<{ readonly of: string; readonly answer: RulesTried }>()
  const { isBusy, said, run } = useAction(async () => {
    setTried({
      of: text,
      answer: await act('POST /alerts/rules/try', { text, hours: Number(hours), entity }),
    })
    return undefined
  })
  return (
    <section aria-label="Try it">
      <h2>Try it on what has been read</h2>
      <p>
        Evaluates this text on the readings of the last hours, without publishing anything. The trial begins
        without state, so a long <code>for</code>, a change or a deviation needs some time before it can fire.
      </p>
      <form class="bar" onSubmit={run} aria-label="Try it">
        <Choice label="Readings of the last" value={hours} set={setHours} options={HOURS} />
        <label>
          Only entities with
          <input
            type="search"
            value={entity}
            placeholder="oslo, or pump-1"
            onInput={event => setEntity(event.currentTarget.value)}
          />
        </label>
        <button type="submit" aria-busy={isBusy} disabled={isBusy}>
          Try
        </button>
      </form>
      <Outcome of={said} />
      {tried && (
        <>
          {tried.of !== text && <p class="warn">The text has changed since: try it again.</p>}
          <Result tried={tried.answer} />
        </>
      )}
    </section>
  )
}

function Result({ tried }: { readonly tried: RulesTried }): JSX.Element {
  const { errors, span, rules, firings, total, tookMs } = tried
  const [first] = errors
  if (first)
    return (
      <p class="problem" role="alert">
        {`The text has ${countText(errors.length, 'error')}, so it was not tried. The first is at line ${first.line}: ${first.message}.`}
      </p>
    )
  if (!span)
    return (
      <p class="empty" role="status">
        No readings were found. Choose a longer time or other entities.
      </p>
    )
  return (
    <>
      <p role="status">
        {trialText(tried)} From <Moment at={span.fromMs} /> to <Moment at={span.toMs} />; it took{' '}
        {durationText(tookMs)}.
      </p>
      <Table
        name="tried"
        caption="rules that were tried"
        columns={ruleColumns(tried)}
        rows={rules}
        keyOf={({ rule }) => rule}
        empty="The text has no rules."
      />
      <h3>{total === 0 ? 'No alert would have fired' : `${countText(total, 'alert')} would have fired`}</h3>
      {total > firings.length && <p>The newest {firings.length} are listed.</p>}
      {total > 0 && (
        <Table
          name="fired"
          caption="alerts that would have fired"
          columns={FIRING_COLUMNS}
          rows={firings}
          keyOf={({ rule, entity, fromMs }) => `${rule} ${entity} ${fromMs}`}
          textOf={({ rule, entity }) => `${rule} ${entity}`}
          empty=""
        />
      )}
    </>
  )
}

const LEFT = {
  paused: 'not tried: it is paused',
  'beyond-readings': 'not tried: it evaluates more than the readings of one entity',
} as const

function ruleColumns({ firings, span, total }: RulesTried): readonly Column<TriedRow>[] {
  return [
    column(
      'Rule',
      ({ rule, left, watched }) => (
        <>
          {rule}
          <small class="second">
            {left
              ? LEFT[left]
              : watched === 0
                ? 'applies to none of them'
                : `applies to ${numberText(watched)} of them`}
          </small>
        </>
      ),
      ({ rule }) => rule,
    ),
    {
      heading: 'Would fire',
      align: 'right',
      cell: ({ fired, left }) => (left ? '–' : <strong>{numberText(fired)}</strong>),
      sortBy: ({ fired }) => fired,
    },
    numberColumn('For entities', ({ entities, left }) => (left ? null : entities)),
    numberColumn('Still firing', ({ firing, left }) => (left ? null : firing)),
    numberColumn('Actually fired', ({ told }) => told),
    column('When', ({ rule, fired }) =>
      span && fired > 0 ? (
        <Strip
          span={span}
          firings={firings.filter(one => isOf(one, rule))}
          label={`${rule}: ${countText(fired, 'alert')}${total > firings.length ? ', of which the newest are shown' : ''}`}
        />
      ) : null,
    ),
  ]
}

/** Returns whether an alert was fired by a rule. An alert about missing readings has the name of the rule in a label. */
function isOf({ rule }: TriedFiring, of: string): boolean {
  return (
    rule === of ||
    (rule.startsWith('NoData{') && rule.includes(`rule=${JSON.stringify(of.replace(/\{.*$/s, ''))}`))
  )
}

const FIRING_COLUMNS: readonly Column<TriedFiring>[] = [
  textColumn('Rule', ({ rule }) => rule),
  entityColumn(),
  timeColumn('Fires', ({ fromMs }) => fromMs),
  column(
    'Resolves',
    ({ toMs, fromMs }) =>
      toMs === null ? (
        'still firing'
      ) : (
        <>
          <Moment at={toMs} /> after {durationText(toMs - fromMs)}
        </>
      ),
    ({ toMs }) => toMs ?? Number.POSITIVE_INFINITY,
  ),
  {
    heading: 'Value',
    align: 'right',
    cell: ({ value }) => valueText(value ?? null),
    sortBy: ({ value }) => (typeof value === 'number' ? value : 0),
  },
]

interface Props {
  readonly span: Span
  readonly firings: readonly Stretch[]
  /** Label for screen readers. */
  readonly label: string
}

export function Strip({ span, firings, label }: Props): JSX.Element {
  return (
    <svg
      class="alerts-strip"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <rect class="alerts-strip-ground" x="0" y="0" width={WIDTH} height={HEIGHT} />
      {barsOf(firings, span).map(({ x, width }) => (
        <rect key={`${x} ${width}`} x={x} y="1" width={width} height={HEIGHT - 2} />
      ))}
    </svg>
  )
}

interface Stretch {
  readonly fromMs: number
  /** End of the alert; null if it is still firing at the end of the period. */
  readonly toMs: number | null
}

/** Period of time, in epoch milliseconds. */
interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** Size of the SVG, in its own units. */
const WIDTH = 240
const HEIGHT = 16
/** Minimum width of a bar, so that very short alerts remain visible. */
const LEAST = 1.5

/** Returns the bars that represent the alerts. Overlapping bars are merged. */
function barsOf(
  firings: readonly Stretch[],
  { fromMs, toMs }: Span,
): readonly { readonly x: number; readonly width: number }[] {
  const scale = WIDTH / Math.max(1, toMs - fromMs)
  const bars: { x: number; width: number }[] = []
  for (const one of firings.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const x = Math.min(WIDTH - LEAST, Math.max(0, (one.fromMs - fromMs) * scale))
    const end = Math.min(WIDTH, Math.max(x + LEAST, ((one.toMs ?? toMs) - fromMs) * scale))
    const last = bars.at(-1)
    if (last && x <= last.x + last.width) last.width = Math.max(last.width, end - last.x)
    else bars.push({ x, width: end - x })
  }
  return bars
}
