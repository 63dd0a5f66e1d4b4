/** Tries the text of rules on the readings of the past, and shows the alerts that would have fired. */

import type { JSX } from 'preact'
import type { RuleTrialAnswer } from '../../api/alerts/rule-trial.ts'
import {
  type Column,
  column,
  DataTable,
  entityColumn,
  numberColumn,
  textColumn,
  timeColumn,
} from '../components/data-table.tsx'
import { Moment } from '../components/labels.tsx'
import { formatCount, formatDuration, formatNumber } from '../components/value-texts.ts'
import { formatAlertValue } from './alert-texts.ts'

type Result = NonNullable<RuleTrialAnswer['result']>
type Alert = Result['alerts'][number]
type Rule = Result['rules'][number]

export function TrialResult({
  trial: { errors, result, total, hasHistory },
}: {
  readonly trial: RuleTrialAnswer
}): JSX.Element {
  const [first] = errors
  if (first)
    return (
      <p class="problem" role="alert">
        {`The text has ${formatCount(errors.length, 'error')}, so it was not tried. The first is at line ${first.line}: ${first.message}.`}
      </p>
    )
  if (!result || result.readings === 0)
    return (
      <p class="empty" role="status">
        No readings were found. Choose a longer time or other entities.
      </p>
    )
  const { rules, alerts, missing, beginsMs, readings, duplicates, failed } = result
  return (
    <>
      <p role="status">
        Evaluated {formatCount(readings, 'reading')}
        {duplicates > 0 && `, ${formatCount(duplicates, 'duplicate')} left out`}
        {failed > 0 && `, ${formatCount(failed, 'record')} rejected`}. The first is of{' '}
        {beginsMs !== null && <Moment at={beginsMs} />}.
        {!hasHistory && ' This environment has no history, so only the topics were read.'}
      </p>
      {missing.length > 0 && (
        <p class="warn">{`${formatCount(missing.length, 'range')} of offsets are missing.`}</p>
      )}
      <DataTable
        name="tried"
        caption="rules that were tried"
        columns={buildRuleColumns(result)}
        rows={rules}
        getKey={({ rule }) => rule}
        empty="The text has no rules."
      />
      <h3>{total === 0 ? 'No alert would have fired' : `${formatCount(total, 'alert')} would have fired`}</h3>
      {total > alerts.length && <p>The newest {formatNumber(alerts.length)} are listed.</p>}
      {total > 0 && (
        <DataTable
          name="fired"
          caption="alerts that would have fired"
          columns={ALERT_COLUMNS}
          rows={alerts.toReversed()}
          getKey={({ rule, entity, fromMs }) => `${rule} ${entity} ${fromMs}`}
          getText={({ rule, entity }) => `${rule} ${entity}`}
          empty=""
        />
      )}
    </>
  )
}

const SKIP_TEXTS = {
  paused: 'not tried: it is paused',
  'beyond-readings': 'not tried: it evaluates more than the readings of one entity',
} as const

function buildRuleColumns({ alerts, sinceMs: fromMs, untilMs: toMs }: Result): readonly Column<Rule>[] {
  return [
    column(
      'Rule',
      ({ rule, left }) => (
        <>
          {rule}
          {left && <small class="second">{SKIP_TEXTS[left]}</small>}
        </>
      ),
      ({ rule }) => rule,
    ),
    {
      heading: 'Would fire',
      align: 'right',
      cell: ({ alerts: fired, left }) => (left ? '–' : <strong>{formatNumber(fired)}</strong>),
      sortBy: ({ alerts: fired }) => fired,
    },
    numberColumn('For entities', ({ entities, left }) => (left ? null : entities)),
    numberColumn('Still firing', ({ firing, left }) => (left ? null : firing)),
    numberColumn('Actually fired', ({ fired }) => fired),
    column('When', ({ rule, alerts: fired }) =>
      fired > 0 ? (
        <Strip
          span={{ fromMs, toMs }}
          firings={alerts.filter(one => isFiredBy(one, rule))}
          label={`${rule}: ${formatCount(fired, 'alert')}`}
        />
      ) : null,
    ),
  ]
}

/** Returns whether an alert was fired by a rule. An alert about missing readings has the name of the rule in a label. */
function isFiredBy({ rule }: Alert, of: string): boolean {
  return (
    rule === of ||
    (rule.startsWith('NoData{') && rule.includes(`rule=${JSON.stringify(of.replace(/\{.*$/s, ''))}`))
  )
}

const ALERT_COLUMNS: readonly Column<Alert>[] = [
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
          <Moment at={toMs} /> after {formatDuration(toMs - fromMs)}
        </>
      ),
    ({ toMs }) => toMs ?? Number.POSITIVE_INFINITY,
  ),
  {
    heading: 'Value',
    align: 'right',
    cell: ({ value }) => formatAlertValue(value ?? null),
    sortBy: ({ value }) => (typeof value === 'number' ? value : 0),
  },
]

interface Props {
  /** Period of the trial, in epoch milliseconds. */
  readonly span: { readonly fromMs: number; readonly toMs: number }
  readonly firings: readonly Alert[]
  /** Label for screen readers. */
  readonly label: string
}

function Strip({ span, firings, label }: Props): JSX.Element {
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {computeBars(firings, span).map(({ x, width }) => (
        <rect key={`${x} ${width}`} x={x} y="1" width={width} height={HEIGHT - 2} />
      ))}
    </svg>
  )
}

/** Size of the SVG, in its own units. */
const WIDTH = 240
const HEIGHT = 16
/** Minimum width of a bar, so that very short alerts remain visible. */
const LEAST = 1.5

/** Returns the bars that represent the alerts. Overlapping bars are merged. */
function computeBars(
  firings: Props['firings'],
  { fromMs, toMs }: Props['span'],
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
