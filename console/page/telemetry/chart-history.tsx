/** History of entities in the range that the address names. */

import type { ComponentChildren, JSX } from 'preact'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import { type QueryState, useEnvironment, useLive } from '../client/api-queries.ts'
import { useParameter } from '../client/url-parameters.ts'
import { Choice, useSettled } from '../components/form-fields.tsx'
import { Moment } from '../components/labels.tsx'
import { type ChartRange, HOUR, RANGES } from './chart-range.ts'
import { describeSearchLimit } from './telemetry-texts.ts'

/** Interval at which the database is asked again, in milliseconds. Its newest point is that of the last minute. */
const STORED_MS = 30_000
/** Interval at which readings are asked for again, in milliseconds. */
const READINGS_MS = 2_000

interface ShownHistory extends QueryState<EntityHistory> {
  /** Range that is shown. Another one may be chosen. */
  readonly range: ChartRange
  readonly chosen: ChartRange
  /** Reason why the chosen range is not shown. */
  readonly whyNot: string | undefined
}

/**
 * Returns the history of entities. If the database has none, it is that of the last hour, from the topics.
 *
 * @param entities sources and subjects, each on a line of its own
 */
export function useHistory(
  query: { readonly entities: string; readonly family?: string; readonly metric: string },
  otherwise: ChartRange,
): ShownHistory {
  const [name] = useParameter('range', otherwise.name)
  const settled = { ...query, metric: useSettled(query.metric) }
  const known = RANGES.find(range => range.name === name)
  const chosen = known ?? otherwise
  const isStored = chosen.hours > HOUR.hours
  const stored = useLive(
    '/telemetry/stored',
    { ...settled, hours: chosen.hours },
    { keep: true, skip: !isStored, everyMs: STORED_MS },
  )
  const range = isStored && stored.problem ? HOUR : chosen
  const isRecent = range.hours <= HOUR.hours
  const recent = useLive(
    '/telemetry/history',
    { ...settled, hours: range.hours },
    { keep: true, skip: !isRecent, ...(range.hours < HOUR.hours && { everyMs: READINGS_MS }) },
  )
  const problem = isStored ? stored.problem?.message : undefined
  const whyNot = known ? problem : `There is no range "${name}": use ${NAMES}.`
  return { ...(isRecent ? recent : stored), range, chosen, whyNot }
}

const NAMES = RANGES.map(({ name }) => name).join(', ')

interface BarProps {
  readonly of: ShownHistory
  readonly otherwise: ChartRange
  /** Further fields. */
  readonly children?: ComponentChildren
}

/** Fields above charts: their range and others. Below them, what charts do not show, and why. */
export function ChartBar({ of, otherwise, children }: BarProps): JSX.Element {
  const { range, chosen, whyNot, answer } = of
  const [, setRange] = useParameter('range', otherwise.name)
  const { chartsNeed } = useEnvironment()
  // Without a database, there are no ranges of more than an hour.
  const ranges = RANGES.filter(({ hours }) => chartsNeed === null || hours <= HOUR.hours)
  const limit = answer?.searched && describeSearchLimit(answer.searched)
  return (
    <>
      <form class="bar" onSubmit={event => event.preventDefault()}>
        {children}
        <Choice
          label="Range"
          value={chosen.name}
          set={setRange}
          options={ranges.map(({ name, text }) => [name, `Last ${text}`])}
        />
      </form>
      {whyNot !== undefined && (
        <p class="problem" role="alert">
          {whyNot} These are the charts of the last {range.text}.
        </p>
      )}
      {chartsNeed !== null && whyNot === undefined && (
        <p class="muted">Charts of a day, a week or 30 days need {chartsNeed}.</p>
      )}
      {answer?.endsEarly && (
        <p class="warn">
          There is no reading in the last {range.text}, so charts end at the newest one:{' '}
          <Moment at={answer.endsMs} />.
        </p>
      )}
      {limit && <p class="warn">{limit}</p>}
    </>
  )
}
