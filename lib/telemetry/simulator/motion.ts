/** Simulates the motion of a device: the activity, which is a Markov chain, and the acceleration during the activity. */
import type { Device } from './fleet.ts'
import { type Matrix, type Model, type Motion, modelNamed, type TransitionRow } from './models.ts'
import { uniform } from './noise.ts'
import { type Moment, type Observation, solarHour } from './simulated-time.ts'

/** Maximum zero offset of each accelerometer axis, in m/s². */
const OFFSET = 0.1

export function observeMotion(device: Device, moment: Moment): Observation {
  const activity = activityAt(device, moment)
  const { mean, spread } = modelNamed(device.model).motion[activity] as Motion
  const angle = (...names: readonly (string | number)[]) =>
    uniform(moment.seed, device.id, ...names) * 2 * Math.PI
  const off = angle('offset')
  // One pace takes less than a tick, so each reading is at a random phase of the gait. Each wave is scaled to a standard deviation
  // of 1.
  const phase = angle('phase', moment.tick)
  return {
    metrics: {
      x: mean[0] + OFFSET * Math.cos(off) + spread[0] * Math.SQRT2 * Math.cos(phase),
      y: mean[1] + OFFSET * Math.sin(off) + spread[1] * Math.SQRT2 * Math.sin(2 * phase),
      z: mean[2] + spread[2] * Math.SQRT2 * Math.sin(phase),
    },
    fields: { deviceId: device.id, model: device.model, activity, tags: { tenant: device.tenant } },
  }
}

/** Duration of one step of the Markov chain, in event time. It does not depend on the rate of readings. */
export const STEP_MS = 10_000

interface ChainState {
  readonly seed: string
  readonly step: number
  readonly activity: string
}

/** Latest computed state of each device. It only speeds up the computation of later states, and never changes a result. */
const latest = new WeakMap<Device, ChainState>()

/**
 * Returns the activity at a moment, which depends only on the seed, the device and the time.
 *
 * Each step of the Markov chain has a random number. If the number is small enough, every activity changes to the hub, and earlier
 * steps have no effect on the result. Therefore the chain is computed from the latest such step before the moment. Any part of the
 * chain can be computed alone, with the same result.
 */
export function activityAt(device: Device, { seed, timeMs }: Pick<Moment, 'seed' | 'timeMs'>): string {
  const at = Math.floor(timeMs / STEP_MS)
  const state = latest.get(device)
  const cachedState = state?.seed === seed ? state : undefined
  if (cachedState?.step === at) return cachedState.activity
  const { hub, day, night } = getChain(modelNamed(device.model))
  const partAt = (step: number) => (isDay(step * STEP_MS, device.longitude) ? day : night)
  const draws: number[] = []
  let step = at
  for (; step !== cachedState?.step; step--) {
    const draw = uniform(seed, device.id, 'activity', step)
    if (draw < partAt(step).endsInHub) break
    draws.push(draw)
  }
  let activity = step === cachedState?.step ? cachedState.activity : hub
  for (let draw = draws.pop(); draw !== undefined; draw = draws.pop())
    activity = nextActivity(activity, draw, partAt(++step).matrix, hub)
  latest.set(device, { seed, step: at, activity })
  return activity
}

export function isDay(timeMs: number, longitude: number): boolean {
  const hour = solarHour(timeMs, longitude)
  return hour >= 7 && hour < 22
}

/**
 * Returns the activity after one step.
 *
 * @param draw random number from 0 to below 1; the smallest numbers lead to the hub
 */
function nextActivity(activity: string, draw: number, matrix: Matrix, hub: string): string {
  const { lasts, next } = matrix[activity] as TransitionRow
  let left = ((activity === hub ? 1 - draw : draw) * lasts * 1_000) / STEP_MS
  if (left >= 1) return activity
  for (const [name, share] of Object.entries(next)) {
    left -= share
    if (left < 0) return name
  }
  return activity
}

/** Transition matrix for the day or the night. */
interface Part {
  readonly matrix: Matrix
  /** Limit for random numbers. In a step with a smaller number, every activity changes to the hub. */
  readonly endsInHub: number
}

const chains = new Map<Model, { readonly hub: string; readonly day: Part; readonly night: Part }>()

function getChain(model: Model) {
  const { hub, day, night } = model
  const chain = chains.get(model) ?? {
    hub,
    day: buildPart(day, hub),
    night: buildPart({ ...day, ...night }, hub),
  }
  chains.set(model, chain)
  return chain
}

function buildPart(matrix: Matrix, hub: string): Part {
  const others = Object.entries(matrix).filter(([activity]) => activity !== hub)
  const shares = others.map(([, { lasts, next }]) => ((next[hub] ?? 0) * STEP_MS) / (lasts * 1_000))
  return { matrix, endsInHub: Math.min(...shares) }
}
