/** Operations that add and end silences. They change the stored silences, and append them to the log at once. */
import { hash } from 'node:crypto'
import { isUnreadable, Unavailable } from '#runtime/pipeline'
import { createKind, text } from '#runtime/settings'
import { appendSilences, openStoredSilences } from '../../lib/clock/stored-silences.ts'
import { type AlertMatch, matchText } from '../../lib/notification/alert-match.ts'
import { isSeverity } from '../../lib/notification/parse-routes.ts'
import {
  getPhase,
  isSilenced,
  type Silence,
  type SilenceSet,
  withoutSilence,
  withSilence,
} from '../../lib/notification/silences.ts'
import { silencesTooLarge } from '../../lib/notification/silences-changed.ts'
import { count } from '../../lib/support/count.ts'
import { OperationFailure, usageFailure } from '../../lib/support/operation-failure.ts'
import { readFiringAlerts } from '../questions/alert-source.ts'
import type { Environment } from '../questions/environment.ts'
import {
  durationField,
  type Field,
  type Filter,
  instantField,
  listField,
  nameField,
  requiredField,
  textField,
} from '../questions/field.ts'
import { requireClusterTopic } from '../questions/kafka.ts'
import { type AlertSummary, toFacts } from '../tables/alert-summary.ts'
import { findFaults, newSilence, type SilenceFault } from './new-silence.ts'
import { operation, type Running } from './operation.ts'

const MATCHER = text(/^.{1,256}$/su, 'a text of 1 to 256 characters, in which * stands for any')
const SEVERITY = createKind(
  given => (isSeverity(given) ? given : undefined),
  'critical, warning or info, or a text with * that matches one',
)
const LABEL = createKind(
  given => /^([A-Za-z][A-Za-z0-9_]*)=(.{1,256})$/su.exec(given)?.slice(1) as [string, string] | undefined,
  'NAME=TEXT, such as team=infra',
)
const REMARK = text(/^(?=.*\S).{1,1000}$/su, 'a text of 1 to 1,000 characters')

/** Returns a field for a name that only a command can give: the console knows who signed in. */
function authorField(about: string): Field<string> {
  return { ...textField(`${about} (default: the operator)`, 'Anna', REMARK), only: 'terminal' }
}

/** Fields that say which alerts are meant. */
const MATCH_FIELDS = {
  rule: listField(textField('alerts of this rule, and its NoData alerts', 'TOO_*', MATCHER)),
  severity: listField(textField('alerts of this severity', 'warning', SEVERITY)),
  label: listField(textField('alerts with this label', 'team=infra', LABEL)),
  source: listField(
    textField('alerts of entities with this source, such as /greenhouse/north', '/greenhouse/north', MATCHER),
  ),
  entity: listField(
    textField('alerts of entities with this subject, such as a sensor id', 'roof-1', MATCHER),
  ),
}

export const ADD_SILENCE = operation({
  about: `Silence matching alerts: they cause no notifications for a while.

An alert must match every given kind of matcher; of several matchers of the same kind, one must match. \`*\` matches any
characters, and the name of a rule also its NoData alerts. When the silence is over, alerts that still fire cause
notifications. The resolution of an alert that was sent before is always sent.`,
  more: `
The silence takes effect within seconds. Its author and comment are visible in the log.

Examples:
  sluice silence add --rule TOO_HOT --source /greenhouse/north --for 2h --comment 'new sensors'
  sluice silence add --label team=infra --severity warning --start 2026-03-02T20:00:00Z --for 4h --comment upgrade`,
  fields: {
    ...MATCH_FIELDS,
    start: instantField('start of the silence, RFC 3339 (default: now)'),
    for: durationField('duration of the silence'),
    until: instantField('end of the silence, RFC 3339, instead of --for'),
    author: authorField('author of the silence'),
    comment: requiredField(textField('why', 'new sensors', REMARK)),
  },
  rules: { conflicts: [['for', 'until']], requiresOneOf: [['for', 'until']] },
  asks: null,
  async plan(environment, request, { nowMs, isCounted }): Promise<PlannedSilence> {
    const { start: startMs = nowMs, author, comment } = request
    const match = buildMatch(request)
    const draft = { match, startMs, endMs: request.until ?? startMs + (request.for ?? 0) }
    const faults = findFaults(draft, nowMs)
    if (faults.length > 0) throw usageFailure(faults.map(fault => FAULTS[fault]).join('\n'))
    await requireNotifications(environment)
    const silence = newSilence({ ...draft, id: '', author: author ?? '', comment }, nowMs)
    // The same plan has the same id, so that it is added once.
    const id = hash('sha256', JSON.stringify(silence)).slice(0, 8)
    const alerts = isCounted ? await findMuted(environment, silence) : undefined
    return { silence: { ...silence, id }, alerts }
  },
  describe: ({ silence, alerts }) => [`Mute ${describeSilence(silence)}.`, ...describeMuted(silence, alerts)],
  toDocument: ({ silence, alerts }) => ({ ...silence, mutes: alerts?.muted.length }),
  toAudit: ({ silence: { id, match } }) => ({ id, match: matchText(match) }),
  async carryOut(environment, plan, running): Promise<Silence & { readonly isNew: boolean }> {
    const silence = { ...plan.silence, author: plan.silence.author || running.by }
    const isSame = ({ id }: Silence) => id === silence.id
    const { silences } = await changeSilences(environment, running, (set, nowMs) => {
      if (set?.silences.some(isSame)) return set
      const next = withSilence(set, silence, nowMs)
      const tooLarge = silencesTooLarge(next, nowMs)
      if (tooLarge) throw new OperationFailure(`Nothing was changed: ${tooLarge}.`)
      return next
    })
    return { ...(silences.find(isSame) ?? silence), isNew: running.counts.silences === 1 }
  },
  describeResult: (silence, { alerts }) => [
    `Silence ${silence.id} ${silence.isNew ? 'mutes' : 'was added before: it mutes'} ${describeSilence(silence)}.`,
    ...describeMuted(silence, alerts),
  ],
  undo: ({ id }) => ({ action: 'silence end', request: { id } }),
})

export const END_SILENCE = operation({
  about: `End a silence now, even if it has not started.

Muted alerts that still fire cause notifications within a group interval, five minutes by default.`,
  more: 'Example:\n  sluice silence end 3fa91c20',
  fields: {
    id: nameField('id of the silence, as shown by `sluice silence list`'),
    author: authorField('person who ends it'),
    comment: textField('why', 'done', REMARK),
  },
  asks: null,
  async plan(environment, { id, author = '', comment = '' }, { nowMs }) {
    const { connections, config } = environment
    const set = await (await openStoredSilences(connections, config.env)).read()
    const silence = set?.silences.find(silence => silence.id === id)
    if (!silence || getPhase(silence, nowMs) === 'past') throw unknownSilence(id)
    await requireNotifications(environment)
    return { silence, author, comment }
  },
  describe: ({ silence }) => [`End silence ${silence.id} of ${describeSilence(silence)}.`],
  toAudit: ({ silence: { id } }) => ({ id }),
  async carryOut(environment, { silence: { id }, author, comment }, running) {
    const set = await changeSilences(environment, running, (before, nowMs) => {
      const next = withoutSilence(before, id, { author: author || running.by, comment }, nowMs)
      if (next === undefined) throw unknownSilence(id)
      return next
    })
    return { id, endsAt: set.silences.find(silence => silence.id === id)?.endsAt }
  },
  describeResult: ({ id }) => [`Silence ${id} has ended.`],
})

interface PlannedSilence {
  readonly silence: Silence
  /** Alerts that it matches, in the order in which they fired, and the number of all firing alerts; undefined if not counted. */
  readonly alerts: { readonly muted: readonly AlertSummary[]; readonly firing: number } | undefined
}

const FAULTS: Readonly<Record<SilenceFault, string>> = {
  'matches-all':
    'Say which alerts to silence, by rule, severity, label, source or entity: otherwise all alerts would be silenced.',
  'ends-before-it-begins': 'A silence must end after it begins.',
  'too-late': 'A silence must end before the year 10000.',
  'over-already': 'The silence would already have ended.',
}

/** Returns the match that fields describe. Pure. */
function buildMatch({
  rule = [],
  severity = [],
  label = [],
  source = [],
  entity = [],
}: Filter<typeof MATCH_FIELDS>): AlertMatch {
  const byName = Object.groupBy(label, ([name]) => name)
  const labels = Object.entries(byName).map(([name, pairs = []]) => [name, pairs.map(([, text]) => text)])
  const matchers = Object.entries({ rule, severity, source, entity }).filter(([, texts]) => texts.length > 0)
  return { ...Object.fromEntries(matchers), ...(label.length > 0 && { labels: Object.fromEntries(labels) }) }
}

function describeSilence({ match, startsAt, endsAt }: Silence): string {
  return `${matchText(match)} from ${startsAt} until ${endsAt}`
}

/** Returns the alerts that a silence matches; undefined if newer code has written the view, which must not prevent a silence. */
async function findMuted(environment: Environment, silence: Silence): Promise<PlannedSilence['alerts']> {
  try {
    const firing = await readFiringAlerts(environment)
    const muted = firing.filter(alert => isSilenced(silence.match, toFacts(alert)))
    return { muted, firing: firing.length }
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return undefined
  }
}

/** Maximum number of alerts that a plan names. */
const MAX_NAMED = 10

function describeMuted({ startsAt, createdAt }: Silence, alerts: PlannedSilence['alerts']): string[] {
  if (!alerts) return []
  const { muted, firing } = alerts
  const named = muted.slice(-MAX_NAMED).map(({ rule, entity }) => `${rule} of ${entity}`)
  const list = `${named.reverse().join('; ')}${muted.length > named.length ? ' …' : ''}`
  const verb = startsAt > createdAt ? 'would now mute' : 'mutes'
  return [`It ${verb} ${count(muted.length, 'firing alert')} of ${firing}${list && `: ${list}`}.`]
}

function unknownSilence(id: string): OperationFailure {
  return new OperationFailure(
    `Nothing was changed: no active or scheduled silence has the id ${id}. \`sluice silence list --state all\` lists all silences.`,
    { isMissing: true },
  )
}

/** Checks that silences could take effect. @throws Failure without the topic `notifications` */
async function requireNotifications(environment: Environment): Promise<void> {
  await requireClusterTopic(environment, await environment.cluster(), environment.topic('notifications'))
}

/**
 * Changes the silences.
 *
 * @param change returns the new silences for the current ones, or the current ones to change nothing. If it throws, nothing is changed.
 * @throws Unavailable if the change was stored but not appended. The function `clock` appends it later.
 */
async function changeSilences(
  environment: Environment,
  { counts }: Running,
  change: (set: SilenceSet | undefined, nowMs: number) => SilenceSet,
): Promise<SilenceSet> {
  const { connections, config } = environment
  const nowMs = environment.nowMs()
  const stored = await openStoredSilences(connections, config.env)
  let before: SilenceSet | undefined
  const set = await stored.update(now => {
    before = now
    return change(now, nowMs)
  })
  counts.silences = set === before ? 0 : 1
  try {
    await appendSilences(connections, config, set, new Date(nowMs).toISOString())
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    throw new Unavailable(
      error.code,
      `The change is stored, but not active yet: ${error.message.replace(/\.?$/, '.')} The function \`clock\` makes it active within a minute after Kafka is available again.`,
      { cause: error },
    )
  }
  return set
}
