/**
 * Simulates the motion of a device: an activity of its wearer that lasts some minutes, and the corresponding
 * acceleration.
 */
import type { Device } from './fleet.ts'
import { HOUR_MS, type Moment, type Observation, solarHour } from './moment.ts'
import { uniform } from './noise.ts'

interface Activity {
  readonly name: string
  /** Amplitude of the acceleration around gravity, in m/s². */
  readonly swing: number
  /** Weights of the activity by day and by night. */
  readonly day: number
  readonly night: number
}

const ACTIVITIES: readonly Activity[] = [
  { name: 'resting', swing: 0.05, day: 4, night: 30 },
  { name: 'walking', swing: 2.5, day: 4, night: 1 },
  { name: 'running', swing: 8, day: 1, night: 0 },
  { name: 'cycling', swing: 1.4, day: 1, night: 0 },
]
const RESTING = ACTIVITIES[0] as Activity

/** Duration of an activity in milliseconds. Afterwards the next one is chosen, which may be the same. */
const EPISODE_MS = HOUR_MS / 20
/** Acceleration of gravity, in m/s². */
const GRAVITY = 9.81

export function observeMotion(device: Device, moment: Moment): Observation {
  const { seed, tick } = moment
  const activity = activityOf(device, moment)
  // The tilt of the device on its wearer: up to 20 degrees in any direction.
  const lean = uniform(seed, device.id, 'lean') * (Math.PI / 9)
  const direction = uniform(seed, device.id, 'direction') * 2 * Math.PI
  // A step takes less than a tick, so each reading hits a different phase of the gait.
  const phase = uniform(seed, device.id, 'phase', tick) * 2 * Math.PI
  return {
    metrics: {
      x: GRAVITY * Math.sin(lean) * Math.cos(direction) + 0.5 * activity.swing * Math.cos(phase),
      y: GRAVITY * Math.sin(lean) * Math.sin(direction) + 0.3 * activity.swing * Math.sin(2 * phase),
      z: GRAVITY * Math.cos(lean) + activity.swing * Math.sin(phase),
    },
    fields: {
      deviceId: device.id,
      model: device.model,
      activity: activity.name,
      tags: { tenant: device.tenant },
    },
  }
}

/** Returns the activity of the current episode: mostly resting at night, any activity during the day. */
function activityOf(device: Device, { seed, timeMs }: Moment): Activity {
  const hour = solarHour(timeMs, device.longitude)
  const part = hour >= 7 && hour < 22 ? 'day' : 'night'
  const total = ACTIVITIES.reduce((sum, activity) => sum + activity[part], 0)
  let left = total * uniform(seed, device.id, 'activity', Math.floor(timeMs / EPISODE_MS))
  for (const activity of ACTIVITIES) {
    left -= activity[part]
    if (left < 0) return activity
  }
  return RESTING
}
