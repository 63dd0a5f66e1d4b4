/** Compares rules with the alerts that fired over days: a table, and both sides of each rule and entity on a time line. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { RulesBacktested } from '../../api/alerts/backtest.ts'
import { act } from '../data/answers.ts'
import { Choice, Outcome, useAction } from '../parts/forms.tsx'
import { Moment } from '../parts/marks.tsx'
import { type Column, column, entityColumn, numberColumn, Table, textColumn } from '../parts/table.tsx'
import { countText } from '../parts/words.ts'
import { Strip } from './trial.tsx'

const DAYS = [
  ['1', '1 day'],
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
] as const

type Result = NonNullable<RulesBacktested['result']>

export function BacktestPart({ text }: { readonly text: string }): JSX.Element {
  const [days, setDays] = useState('7')
  const [answer, setAnswer] = useState<RulesBacktested>()
  const { isBusy, said, run } = useAction(async () => {
    setAnswer(await act('POST /alerts/rules/backtest', { text, days: Number(days) }))
    return undefined
  })
  return (
    <section aria-label="Compare it with the past">
      <h2>Compare it with the past</h2>
      <p>
        Evaluates this text on the readings of the past, and compares its alerts with those that fired. Rules
        of other files count as removed.
      </p>
      <form class="bar" onSubmit={run} aria-label="Compare it with the past">
        <Choice label="Since" value={days} set={setDays} options={DAYS} />
        <button type="submit" aria-busy={isBusy} disabled={isBusy}>
          Compare
        </button>
      </form>
      <Outcome of={said} />
      {answer && <Compared answer={answer} />}
    </section>
  )
}

function Compared({
  answer: { errors, result, total, hasHistory },
}: {
  readonly answer: RulesBacktested
}): JSX.Element {
  const [first] = errors
  if (first) return <p class="problem" role="alert">{`Line ${first.line}: ${first.message}.`}</p>
  if (!result || result.beginsMs === null)
    return (
      <p class="empty" role="status">
        No readings were found. Choose a longer time.
      </p>
    )
  const { readings, counts, alerts, missing, untried, beginsMs } = result
  return (
    <>
      <p role="status">
        {`${countText(readings, 'reading')}. Alerts: ${counts.both} in both, ${counts.onlyTried} only with this text, ${counts.onlyOther} only fired.`}{' '}
        The readings begin at <Moment at={beginsMs} />; the state before is unknown.
        {hasHistory ? '' : ' This environment has no history, so only the topics were read.'}
      </p>
      {missing.length > 0 && (
        <p class="warn">{`${countText(missing.length, 'range')} of offsets are missing.`}</p>
      )}
      {untried.length > 0 && <p class="warn">{`Not tried: ${untried.join(', ')}.`}</p>}
      {total > alerts.length && <p>{`The first ${alerts.length} of ${total} alerts are shown.`}</p>}
      <Table
        name="compared"
        caption="alerts of both sides"
        columns={columnsOf(result)}
        rows={rowsOf(result)}
        keyOf={({ rule, entity }) => `${rule} ${entity}`}
        textOf={({ rule, entity }) => `${rule} ${entity}`}
        empty="No alert would have fired, and none has."
      />
    </>
  )
}

interface Row {
  readonly rule: string
  readonly entity: string
  readonly alerts: Result['alerts']
}

function rowsOf({ alerts }: Result): readonly Row[] {
  const groups = Map.groupBy(alerts, ({ rule, entity }) => `${rule} ${entity}`)
  return [...groups.values()].map(own => ({
    rule: own[0]?.rule ?? '',
    entity: own[0]?.entity ?? '',
    alerts: own,
  }))
}

function columnsOf({ sinceMs: fromMs, untilMs: toMs }: Result): readonly Column<Row>[] {
  const of = (side: 'tried' | 'other') => (row: Row) => row.alerts.flatMap(one => one[side] ?? [])
  const strip = (row: Row, side: 'tried' | 'other', what: string) => (
    <Strip
      span={{ fromMs, toMs }}
      firings={of(side)(row)}
      label={`${row.rule} of ${row.entity}: ${countText(of(side)(row).length, 'alert')} that ${what}`}
    />
  )
  return [
    textColumn('Rule', ({ rule }) => rule),
    entityColumn(),
    numberColumn('Would fire', row => of('tried')(row).length),
    numberColumn('Fired', row => of('other')(row).length),
    column('Would fire, above; fired, below', row => (
      <>
        {strip(row, 'tried', 'would fire')}
        {strip(row, 'other', 'fired')}
      </>
    )),
  ]
}
