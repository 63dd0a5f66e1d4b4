import { openStoredSilences } from '../../lib/clock/stored-silences.ts'
import { matchText } from '../../lib/notification/alert-match.ts'
import { getPhase } from '../../lib/notification/silences.ts'
import { findSilenceIds, readFiringAlerts } from './alert-source.ts'
import { column, count, type Tone } from './column.ts'
import { choiceField } from './field.ts'
import { describeNotInForce, readNotInForce } from './not-in-force.ts'
import { question } from './question.ts'

export const SILENCES = question({
  title: 'Silences',
  about: `List active and scheduled silences, the newest first, with the number of firing alerts that each mutes, or would mute.

With --state past, ended silences are listed; the last 200 are kept.`,
  more: `
Examples:
  sluice silence list
  sluice silence list --state past --json`,
  filter: {
    state: choiceField(
      ['active', 'pending', 'past', 'all'],
      'only silences in this state, or all',
      'active and pending',
    ),
  },
  async read(environment, { state: wanted }, { nowMs }) {
    const { connections, config } = environment
    const [set, firing, saved] = await Promise.all([
      (await openStoredSilences(connections, config.env)).read(),
      readFiringAlerts(environment),
      readNotInForce(environment, ['silence', 'receiver']),
    ])
    const all = (set?.silences ?? []).map(silence => {
      const state = getPhase(silence, nowMs)
      const muted = firing.filter(alert => findSilenceIds([silence], alert).length > 0)
      const tone: Tone = state === 'active' ? 'good' : 'plain'
      return {
        ...silence,
        state,
        tone,
        about: matchText(silence.match),
        mutes: state === 'past' ? null : muted.length,
      }
    })
    const isWanted = (state: string) => wanted === 'all' || (wanted ? state === wanted : state !== 'past')
    const rows = all.filter(({ state }) => isWanted(state)).toReversed()
    return { rows, notes: describeNotInForce(saved, nowMs) }
  },
}).shownAs({
  key: 'id',
  columns: [
    column('id'),
    column('state', { tone: 'tone' }),
    column('about', { heading: 'Mutes alerts with', terminal: { least: 20 } }),
    count('mutes', { heading: 'Now', terminal: { leaveOut: 3 } }),
    column('startsAt', { heading: 'From', type: 'time', terminal: { leaveOut: 2 } }),
    column('endsAt', { heading: 'Until', type: 'time' }),
    column('comment', { heading: 'Why', terminal: { least: 10 } }),
    column('author', { heading: 'By', terminal: { least: 8, leaveOut: 1 }, page: { below: 'comment' } }),
  ],
  empty: 'No matching silences. The page of an alert, or `sluice silence add`, adds one.',
})
