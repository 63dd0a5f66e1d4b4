/** How far a replay has come, in words. Pure. */
import type { ReplayShown } from '../../api/writing/replays.ts'
import { countText, durationText, numberText } from '../parts/words.ts'

type Replay = Pick<ReplayShown, 'state' | 'total' | 'acknowledged' | 'ahead' | 'startedAt' | 'endedAt'>

/** `120 of 291 events, 24 a second, 7 s left` */
export function progressText(replay: Replay, nowMs: number): string {
  const { state, total, acknowledged, startedAt, endedAt } = replay
  const elapsedMs = Math.max(1, (endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt))
  const done =
    total === null
      ? 'Looking through the recording'
      : `${numberText(acknowledged)} of ${countText(total, 'event')}`
  if (state !== 'running') return `${done}, in ${durationText(elapsedMs)}${aheadText(replay)}`
  if (total === null || acknowledged === 0) return `${done} …`
  const perMs = acknowledged / elapsedMs
  const rate = `${numberText(Math.round(perMs * 10_000) / 10)} a second`
  return `${done}, ${rate}, ${durationText((total - acknowledged) / perMs)} left${aheadText(replay)}`
}

function aheadText({ ahead }: Replay): string {
  return ahead > 0 ? `; ${countText(ahead, 'event')} came before their time, and consumers refuse them` : ''
}

/** `as recorded`, `600 times faster` */
export function paceText(speed: number | null): string {
  if (speed === null) return 'as fast as it goes'
  return speed === 1 ? 'as recorded' : `${numberText(speed)} times faster`
}
