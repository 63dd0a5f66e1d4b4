/** Route that previews a silence: the alerts that it would mute. */
import { matchText } from '../../../lib/notification/alert-match.ts'
import { buildMatch, MATCH_FIELDS } from '../../../lib/operations/silences.ts'
import { findSilenceIds, readFiringAlerts } from '../../../lib/questions/alert-source.ts'
import type { AlertSummary } from '../../../lib/tables/alert-summary.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declarePostQuery } from '../../http/declare-route.ts'
import { parseFilter, TEXTS } from '../../http/request-input.ts'

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

export function declareSilenceRoutes(environment: ConsoleEnvironment) {
  return {
    'POST /alerts/silences/preview': declarePostQuery({ request: TEXTS }, async ({ request }) => {
      const match = buildMatch(parseFilter(MATCH_FIELDS, request).filter)
      const firing = await readFiringAlerts(environment)
      const silence = { id: 'this', match, startsAt: '', endsAt: '', author: '', comment: '', createdAt: '' }
      const matching = firing.filter(alert => findSilenceIds([silence], alert).length > 0)
      const alerts = matching
        .slice(-SHOWN)
        .reverse()
        .map(({ id, rule, entity, severity }) => ({ id, rule, entity, severity }))
      const answer: SilencePreview = {
        about: matchText(match),
        ...{ alerts, total: matching.length, firing: firing.length },
      }
      return answer
    }),
  }
}
