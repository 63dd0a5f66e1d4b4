/** Motion of a device: an activity, which is a Markov chain, and the acceleration that fits it. */
import type { Device } from './fleet.ts'
import { type Matrix, type Model, type Motion, modelNamed, type Row } from './models.ts'
import { type Moment, type Observation, solarHour } from './moment.ts'
import { uniform } from './noise.ts'

/** How far the zero of each accelerometer is off, m/s². */
const OFFSET = 0.1

export function observeMotion(device: Device, moment: Moment): Observation {
  const activity = activityAt(device, moment)
  const { mean, spread } = modelNamed(device.model).motion[activity] as Motion
  const angle = (...names: readonly (string | number)[]) =>
    uniform(moment.seed, device.id, ...names) * 2 * Math.PI
  const off = angle('offset')
  // A pace takes less than a tick, so each reading hits a different phase of the gait. Each wave has a standard deviation of 1.
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

/** A step of the chain, in event time: the rate of readings does not matter. */
export const STEP_MS = 10_000

interface ChainState {
  readonly seed: string
  readonly step: number
  readonly activity: string
}

/** The latest computed state of each device: it shortens the computation of later ones, and changes no result. */
const latest = new WeakMap<Device, ChainState>()

/**
 * Returns the activity at a moment, a function of seed, device and time alone. Each step has a random number. If it is small, every
 * activity ends in the hub, so that nothing before this step matters: the chain is computed from the latest such step before the moment.
 * It therefore has no beginning and no seams: every part of it, computed alone, is a part of the same endless chain.
 */
export function activityAt(device: Device, { seed, timeMs }: Pick<Moment, 'seed' | 'timeMs'>): string {
  const at = Math.floor(timeMs / STEP_MS)
  const state = latest.get(device)
  const known = state?.seed === seed ? state : undefined
  if (known?.step === at) return known.activity
  const { hub, day, night } = chainOf(modelNamed(device.model))
  const partAt = (step: number) => (isDay(step * STEP_MS, device.longitude) ? day : night)
  const draws: number[] = []
  let step = at
  for (; step !== known?.step; step--) {
    const draw = uniform(seed, device.id, 'activity', step)
    if (draw < partAt(step).endsInHub) break
    draws.push(draw)
  }
  let activity = step === known?.step ? known.activity : hub
  for (let draw = draws.pop(); draw !== undefined; draw = draws.pop())
    activity = after(activity, draw, partAt(++step).matrix, hub)
  latest.set(device, { seed, step: at, activity })
  return activity
}

export function isDay(timeMs: number, longitude: number): boolean {
  const hour = solarHour(timeMs, longitude)
  return hour >= 7 && hour < 22
}

/** The activity after a step. @param draw from 0 to below 1; the smallest ones lead to the hub */
function after(activity: string, draw: number, matrix: Matrix, hub: string): string {
  const { lasts, next } = matrix[activity] as Row
  let left = ((activity === hub ? 1 - draw : draw) * lasts * 1_000) / STEP_MS
  if (left >= 1) return activity
  for (const [name, share] of Object.entries(next)) {
    left -= share
    if (left < 0) return name
  }
  return activity
}

/** The matrix of a part of the day. */
interface Part {
  readonly matrix: Matrix
  /** A step whose random number is below this ends in the hub, from every activity. */
  readonly endsInHub: number
}

const chains = new Map<Model, { readonly hub: string; readonly day: Part; readonly night: Part }>()

function chainOf(model: Model) {
  const { hub, day, night } = model
  const chain = chains.get(model) ?? { hub, day: partOf(day, hub), night: partOf({ ...day, ...night }, hub) }
  chains.set(model, chain)
  return chain
}

function partOf(matrix: Matrix, hub: string): Part {
  const others = Object.entries(matrix).filter(([activity]) => activity !== hub)
  const shares = others.map(([, { lasts, next }]) => ((next[hub] ?? 0) * STEP_MS) / (lasts * 1_000))
  return { matrix, endsInHub: Math.min(...shares) }
}
