/** One alert, or the alerts of one entity, with their events. */
import { NOTIFIER } from '../../lib/notification/firing-alerts.ts'
import type { Silence } from '../../lib/notification/silences.ts'
import { Failure } from '../../lib/support/failure.ts'
import { entityText } from '../../lib/support/group-text.ts'
import type { AlertTransition } from '../queries/alerts/alert-lives.ts'
import { describeEnd, describeReason } from '../tables/alert-end.ts'
import { AlertSource, findSilenceIds } from './alert-source.ts'
import { judgeAlert } from './alerts.ts'
import { column, type Tone } from './column.ts'
import type { Environment } from './environment.ts'
import { nameField, timeField } from './field.ts'
import { type PendingAlert, readShownAlerts, type ShownAlert } from './known-alerts.ts'
import { describeLag } from './lag.ts'
import { type Limits, question } from './question.ts'

/** Format of an alert's id, as `derivedId` creates it. */
const DERIVED_ID = /^[\w-]{22}$/

export const ALERT = question({
  title: 'Alert',
  about: `Show an alert, or the alerts of an entity, with their events: times, reasons, values and traces.`,
  more: `
ALERT is an id as shown by \`sluice alerts list\`, or an entity: its whole subject, or words of its source and subject.
For an entity, pending alerts are shown as well. An id that begins with "-" must follow "--".
Without --since, all retained events are read.

Examples:
  sluice alerts show IFzYlCPmXUzUpk-fYxk9ag
  sluice alerts show roof-1 --since 1d`,
  filter: {
    alert: nameField('id of the alert, or an entity'),
    since: timeField('only events written since'),
  },
  async read(environment, { alert: wanted, since }, limits) {
    // Within a limit, only an id is searched for, because another text could match many records.
    const isById = Number.isFinite(limits.mostRecords)
    if (isById && !DERIVED_ID.test(wanted)) throw missingAlert(environment, wanted, limits)
    const source = new AlertSource(environment, limits, isById ? { holding: wanted } : {})
    const selection = { sinceMs: since, limit: limits.most }
    const { alerts, total, pending, behind } = await readShownAlerts(environment, source, wanted, selection)
    // The id can also occur in another alert's record, for example in the name of an entity.
    const isOther = isById && alerts[0]?.id !== wanted
    const all = isOther ? [] : [...alerts.toReversed(), ...pending]
    if (all.length === 0) throw missingAlert(environment, wanted, limits)
    const silences = alerts.some(({ state }) => state === 'firing') ? await source.silences() : []
    const rows = all.map(alert => describeAlert(alert, silences, source.topic.topic))
    return { rows, more: total - alerts.length, notes: describeLag(behind, NOTIFIER, 'alerts') }
  },
}).shownAs({
  key: 'name',
  columns: [
    column('rule', { link: 'rule' }),
    column('entity', { type: 'entity' }),
    column('severity', { type: 'severity' }),
    column('summary'),
    column('state', { tone: 'tone' }),
    column('startedAt', { heading: 'Lasted', type: 'span', until: 'endedAt' }),
    column('why', { heading: 'Reason' }),
    column('silencedBy', { type: 'list', link: 'silence' }),
    column('measured', { heading: 'Metric' }),
    column('value', { type: 'quantity', unit: 'unit', limit: 'threshold' }),
    column('threshold', { type: 'quantity', unit: 'unit' }),
    column('activeAt', { heading: 'Condition since', type: 'time' }),
    column('startedAt', { heading: 'Fired', type: 'time' }),
    column('endedAt', { heading: 'Resolved', type: 'time' }),
    column('alerting', { heading: 'State in alerting' }),
    column('labelTexts', { heading: 'Labels', type: 'list' }),
    column('traceparent', { heading: 'Trace' }),
  ],
  sections: [
    {
      of: 'transitions',
      title: 'Events',
      key: 'at',
      columns: [
        column('time', { type: 'time' }),
        column('kind', { heading: 'Event', tone: 'tone' }),
        column('why', { heading: 'Reason', terminal: { least: 20 } }),
        column('value', { type: 'quantity', unit: 'unit', limit: 'threshold' }),
        column('threshold', { type: 'quantity', unit: 'unit', terminal: { leaveOut: 2 } }),
        column('at', { heading: 'In Kafka', link: 'messages', linkBy: ['topic', 'partition', 'offset'] }),
        column('traceparent', { heading: 'Trace', terminal: { leaveOut: 1 } }),
      ],
      empty: 'The events of this alert are no longer in the alerts topic.',
    },
  ],
  empty: '',
  page: { most: 1 },
  terminal: { usual: 10 },
})

/** Returns an alert as a row. A pending one has not fired, so only its rule, its entity and its beginning are known. Pure. */
export function describeAlert(alert: PendingAlert | ShownAlert, silences: readonly Silence[], topic: string) {
  const fired = 'id' in alert ? alert : undefined
  const { rule, entity, activeAt } = alert
  const { id = null, state = 'pending', severity = null, summary = null, startedAt = null } = fired ?? {}
  const { family = null, metric = null, value = null, threshold = null, unit = null } = fired ?? {}
  const { endedAt = null, reason = null, clearedBy = null, phase = null, traceparent = null } = fired ?? {}
  const labelTexts = Object.entries(fired?.labels ?? {}).map(([name, value]) => `${name}=${value}`)
  const silencedBy = fired?.state === 'firing' ? findSilenceIds(silences, fired) : []
  return {
    name: `${rule} of ${entityText(entity)}${id === null ? '' : ` (${id})`}`,
    ...{ id, rule, entity, severity, summary, state, activeAt, startedAt, endedAt },
    tone: fired ? judgeAlert(fired) : ('plain' satisfies Tone),
    ...{ reason, clearedBy, why: describeEnd({ reason, clearedBy }) || null },
    ...{ family, metric, measured: metric && `${family}.${metric}`, value, threshold, unit },
    ...{ phase, alerting: state === 'firing' ? describePhase(phase) : null, traceparent },
    labels: fired?.labels ?? null,
    labelTexts: labelTexts.length > 0 ? labelTexts.sort() : null,
    silencedBy: silencedBy.length > 0 ? silencedBy : null,
    transitions: fired?.transitions.map(event => describeEvent(event, unit, topic)) ?? null,
  }
}

function describePhase(phase: ShownAlert['phase']): string {
  if (phase === 'recovering') return 'recovering: the value has cleared, but its duration has not passed yet'
  return phase ?? 'no longer known to alerting: it is about to resolve, or the state of alerting was lost'
}

function describeEvent(event: AlertTransition, unit: string | null, topic: string) {
  const { kind, partition, offset, value = null, threshold = null, traceparent = null, ...more } = event
  return {
    at: `${partition}@${offset}`,
    ...{ topic, partition, offset, kind, value, threshold, unit, traceparent, ...more },
    tone: (kind === 'fired' ? 'bad' : 'good') satisfies Tone,
    why: describeReason(more.reason) || null,
  }
}

function missingAlert({ config }: Environment, wanted: string, { mostRecords }: Limits): Failure {
  return new Failure(
    Number.isFinite(mostRecords)
      ? `Alert ${wanted} was not found among the firing alerts or in the newest ${mostRecords.toLocaleString('en')} records of the alerts topic. To search the whole topic, run \`sluice alerts show -- ${wanted}\`.`
      : `No alert in "${config.env}" has the id "${wanted}" or belongs to a matching entity. \`sluice alerts list --state all\` lists firing and resolved alerts, \`sluice alerts pending\` pending ones.`,
    { isMissing: true },
  )
}
