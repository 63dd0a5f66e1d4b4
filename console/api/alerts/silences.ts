/** Routes that preview, create and end silences. */
import { randomUUID } from 'node:crypto'
import {
  array,
  check,
  isoTimestamp,
  maxLength,
  minLength,
  optional,
  pipe,
  record,
  regex,
  strictObject,
  string,
  trim,
} from 'valibot'
import { omitUndefined } from '#runtime/consumer/index.ts'
import { matchText } from '../../../lib/notification/alert-match.ts'
import { findFaults, newSilence, type SilenceFault } from '../../../lib/notification/new-silence.ts'
import { isSeverity } from '../../../lib/notification/parse-routes.ts'
import { type Silence, withoutSilence, withSilence } from '../../../lib/notification/silences.ts'
import { silencesTooLarge } from '../../../lib/notification/silences-changed.ts'
import { changeSilences, SilencesNotAppended } from '../../../lib/operations/silence-changes.ts'
import { readTopicBounds } from '../../../lib/queries/kafka/topics.ts'
import { findSilenceIds, LimitedAlertSource } from '../../../lib/questions/alert-source.ts'
import type { AlertSummary } from '../../../lib/tables/alert-summary.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { makeAuditedChange } from '../../http/audited-change.ts'
import { declareChange, declarePostQuery } from '../../http/declare-route.ts'
import { ProblemError } from '../../http/problem.ts'
import { PAGE_LIMITS } from '../questions.ts'

/** Preview of a silence: the firing alerts that it would mute. */
export interface SilencePreview {
  readonly about: string
  /** Newest first, up to a limit. */
  readonly alerts: readonly Pick<AlertSummary, 'id' | 'rule' | 'entity' | 'severity'>[]
  readonly total: number
  /** Number of all firing alerts. */
  readonly firing: number
}

const SHOWN = 10

const TEXTS = optional(
  pipe(
    array(
      pipe(
        string(),
        trim(),
        minLength(1, 'must be a text of 1 to 256 characters'),
        maxLength(256, 'must be a text of 1 to 256 characters'),
      ),
    ),
    minLength(1, 'must contain at least one text'),
    maxLength(50, 'must contain at most 50 texts'),
  ),
)
const LABEL_NAME = pipe(
  string(),
  regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'must be the name of a label, such as team'),
)
const MATCH = strictObject({
  ...{ rule: TEXTS, source: TEXTS, entity: TEXTS },
  severity: optional(
    pipe(
      TEXTS.wrapped,
      check(
        all => all.every(isSeverity),
        'must be critical, warning or info, or a text with * that matches one',
      ),
    ),
  ),
  labels: optional(record(LABEL_NAME, TEXTS.wrapped)),
})
const TIME = pipe(string(), isoTimestamp('must be an RFC 3339 time'))
const COMMENT = pipe(
  string('say why'),
  trim(),
  minLength(1, 'say why'),
  maxLength(1000, 'must have at most 1,000 characters'),
)
const NEW = { match: MATCH, startsAt: optional(TIME), endsAt: TIME, comment: COMMENT }
const END = { id: string('must be the id of a silence'), comment: optional(pipe(string(), maxLength(1000))) }

export function declareSilenceRoutes(environment: ConsoleEnvironment) {
  return {
    'POST /alerts/silences/preview': declarePostQuery({ match: MATCH }, ({ match }) =>
      previewSilence(environment, omitUndefined(match)),
    ),
    'POST /alerts/silences': declareChange(
      NEW,
      async ({ match, startsAt, endsAt, comment }, { name: author }) => {
        const nowMs = Date.now()
        const startMs = startsAt === undefined ? nowMs : Date.parse(startsAt)
        const draft = { match: omitUndefined(match), startMs, endMs: Date.parse(endsAt) }
        const faults = findFaults(draft, nowMs)
        if (faults.length > 0)
          throw new ProblemError('bad-request', faults.map(fault => FAULTS[fault]).join(' '))
        const id = randomUUID().slice(0, 8)
        const silence = newSilence({ ...draft, id, author, comment }, nowMs)
        await makeSilenceChange(environment, author, 'silence add', id, (set, atMs) => {
          const next = withSilence(set, silence, atMs)
          const tooLarge = silencesTooLarge(next, atMs)
          if (tooLarge) throw new ProblemError('conflict', `Nothing was changed: ${tooLarge}.`)
          return next
        })
        return { id }
      },
    ),
    'POST /alerts/silences/end': declareChange(END, async ({ id, comment = '' }, { name: author }) => {
      await makeSilenceChange(environment, author, 'silence end', id, (set, atMs) => {
        const next = withoutSilence(set, id, { author, comment }, atMs)
        if (!next) throw new ProblemError('conflict', `Silence ${id} does not exist or has ended.`)
        return next
      })
      return { id }
    }),
  }
}

const FAULTS: Readonly<Record<SilenceFault, string>> = {
  'matches-all': 'Specify which alerts to silence. An empty selection would match all alerts.',
  'ends-before-it-begins': 'A silence must end after it begins.',
  'too-late': 'A silence must end before the year 10000.',
  'over-already': 'The end of the silence is in the past.',
}

async function makeSilenceChange(
  environment: ConsoleEnvironment,
  by: string,
  action: 'silence add' | 'silence end',
  id: string,
  update: Parameters<typeof changeSilences>[2],
): Promise<void> {
  const { connections, config } = environment
  // Check the topic before storing the silence: without the topic, the silence would never take effect.
  await readTopicBounds(await environment.offsets(), environment.topic('notifications'))
  await makeAuditedChange(environment, { by, action, filter: { id } }, async () => {
    const outcome = { result: undefined, counts: { silences: 1 } }
    try {
      await changeSilences(connections, config, update)
      return outcome
    } catch (error) {
      if (!(error instanceof SilencesNotAppended)) throw error
      return { ...outcome, problem: new ProblemError('unavailable', error.message) }
    }
  })
}

async function previewSilence(
  environment: ConsoleEnvironment,
  match: Silence['match'],
): Promise<SilencePreview> {
  if (findFaults({ match, startMs: 0, endMs: 1 }, 0).includes('matches-all'))
    throw new ProblemError('bad-request', FAULTS['matches-all'])
  const firing = await new LimitedAlertSource(environment, PAGE_LIMITS).firing()
  const silence = { id: 'this', match, startsAt: '', endsAt: '', author: '', comment: '', createdAt: '' }
  const matching = firing.filter(alert => findSilenceIds([silence], alert).length > 0)
  const alerts = matching
    .slice(-SHOWN)
    .reverse()
    .map(({ id, rule, entity, severity }) => ({ id, rule, entity, severity }))
  return { about: matchText(match), alerts, total: matching.length, firing: firing.length }
}
