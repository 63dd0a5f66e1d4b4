/** Tries a text of rules on the readings of the last hours, and shows what it would have told. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { RulesTried, TriedFiring, TriedRow } from '../../api/alerts/trial.ts'
import { act, problemOf } from '../data/answers.ts'
import { EntityLink } from '../parts/entity-link.tsx'
import { Moment } from '../parts/moment.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { countText, durationText, numberText } from '../parts/words.ts'
import { Choice } from './list-filter.tsx'
import { Strip } from './strip.tsx'
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
  const [isBusy, setBusy] = useState(false)
  const [tried, setTried] = useState<{ readonly of: string; readonly answer: RulesTried }>()
  const [problem, setProblem] = useState('')
  const run = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      const answer = await act<RulesTried>('/alerts/rules/try', { text, hours: Number(hours), entity })
      setTried({ of: text, answer })
    } catch (error) {
      setProblem(problemOf(error).message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <section aria-label="Try it">
      <h2>Try it on what has been read</h2>
      <p>
        Alerting itself reads the readings of the last hours by this text, and nothing leaves the trial. It
        begins without any state: a long <code>for</code>, a change or a deviation needs some time first.
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
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
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
        {`The text has ${countText(errors.length, 'error')}, so it was not tried. The first, at line ${first.line}: ${first.message}.`}
      </p>
    )
  if (!span)
    return (
      <p class="empty" role="status">
        No reading of this time was found. Choose a longer time, or other entities.
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
        empty="The text has no rule."
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
  'beyond-readings': 'not tried: it looks at more than the readings of one entity',
} as const

function ruleColumns({ firings, span, total }: RulesTried): readonly Column<TriedRow>[] {
  return [
    {
      heading: 'Rule',
      cell: ({ rule, left, watched }) => (
        <>
          {rule}
          <small class="alerts-summary">
            {left
              ? LEFT[left]
              : watched === 0
                ? 'watches none of them'
                : `watches ${numberText(watched)} of them`}
          </small>
        </>
      ),
      sortBy: ({ rule }) => rule,
    },
    {
      heading: 'Would fire',
      align: 'right',
      cell: ({ fired, left }) => (left ? '–' : <strong>{numberText(fired)}</strong>),
      sortBy: ({ fired }) => fired,
    },
    {
      heading: 'For entities',
      align: 'right',
      cell: ({ entities, left }) => (left ? '–' : numberText(entities)),
      sortBy: ({ entities }) => entities,
    },
    {
      heading: 'Still firing',
      align: 'right',
      cell: ({ firing, left }) => (left ? '–' : numberText(firing)),
      sortBy: ({ firing }) => firing,
    },
    {
      heading: 'Actually fired',
      align: 'right',
      cell: ({ told }) => (told === null ? '–' : numberText(told)),
      sortBy: ({ told }) => told ?? -1,
    },
    {
      heading: 'When',
      cell: ({ rule, fired }) =>
        span && fired > 0 ? (
          <Strip
            span={span}
            firings={firings.filter(one => isOf(one, rule))}
            label={`${rule}: ${countText(fired, 'alert')}${total > firings.length ? ', of which the newest are drawn' : ''}`}
          />
        ) : null,
    },
  ]
}

/** The alert of a silence has the rule's name as a label. */
function isOf({ rule }: TriedFiring, of: string): boolean {
  return (
    rule === of ||
    (rule.startsWith('NoData{') && rule.includes(`rule=${JSON.stringify(of.replace(/\{.*$/s, ''))}`))
  )
}

const FIRING_COLUMNS: readonly Column<TriedFiring>[] = [
  { heading: 'Rule', cell: ({ rule }) => rule, sortBy: ({ rule }) => rule },
  {
    heading: 'Entity',
    cell: ({ entity }) => <EntityLink entity={entity.trim()} />,
    sortBy: ({ entity }) => entity,
  },
  { heading: 'Fires', cell: ({ fromMs }) => <Moment at={fromMs} />, sortBy: ({ fromMs }) => fromMs },
  {
    heading: 'Resolves',
    cell: ({ toMs, fromMs }) =>
      toMs === null ? (
        'still firing'
      ) : (
        <>
          {<Moment at={toMs} />} after {durationText(toMs - fromMs)}
        </>
      ),
    sortBy: ({ toMs }) => toMs ?? Number.POSITIVE_INFINITY,
  },
  {
    heading: 'Value',
    align: 'right',
    cell: ({ value }) => valueText(value ?? null),
    sortBy: ({ value }) => (typeof value === 'number' ? value : 0),
  },
]
