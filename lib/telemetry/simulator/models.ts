/**
 * Models of simulated devices: transition matrices of the activities, and the acceleration of each activity. Durations, probabilities and
 * spreads are rounded assumptions. As in the WISDM data (Kwapisz, Weiss and Moore, "Activity Recognition using Cell Phone
 * Accelerometers", 2010), a phone in a trouser pocket has gravity on y except while sitting, and running has wider swings than walking.
 */

/** A row of a transition matrix. */
export interface Row {
  /** Mean duration of the activity, seconds. */
  readonly lasts: number
  /** Probabilities of the next activity. The hub of the model comes first. */
  readonly next: Readonly<Record<string, number>>
}

/** Mean and standard deviation of the acceleration on each axis, m/s². */
export interface Motion {
  readonly mean: Axes
  readonly spread: Axes
}

type Axes = readonly [x: number, y: number, z: number]
export type Matrix = Readonly<Record<string, Row>>

export interface Model {
  /** An activity that can follow each of the others. */
  readonly hub: string
  readonly day: Matrix
  /** Rows that differ by night. */
  readonly night: Matrix
  readonly motion: Readonly<Record<string, Motion>>
}

const WEARER = {
  hub: 'standing',
  day: {
    resting: { lasts: 600, next: { standing: 0.6, sitting: 0.4 } },
    sitting: { lasts: 600, next: { standing: 0.9, resting: 0.1 } },
    standing: {
      lasts: 60,
      next: { walking: 0.55, sitting: 0.28, resting: 0.07, cycling: 0.06, running: 0.04 },
    },
    walking: { lasts: 180, next: { standing: 0.7, sitting: 0.2, cycling: 0.05, running: 0.05 } },
    running: { lasts: 480, next: { standing: 0.4, walking: 0.6 } },
    cycling: { lasts: 600, next: { standing: 0.7, walking: 0.3 } },
  },
  night: {
    resting: { lasts: 5_400, next: { standing: 1 } },
    sitting: { lasts: 300, next: { standing: 0.4, resting: 0.6 } },
    standing: { lasts: 60, next: { resting: 0.8, walking: 0.2 } },
    walking: { lasts: 60, next: { standing: 0.8, sitting: 0.2 } },
  },
} as const

/** Worn on a wrist: x points to the hand, z out of the display. Devices of unknown models are like it. */
const BAND: Model = {
  ...WEARER,
  motion: {
    resting: { mean: [0.6, 0.4, 9.78], spread: [0.04, 0.04, 0.05] },
    sitting: { mean: [2, 1.5, 9.49], spread: [0.4, 0.3, 0.4] },
    standing: { mean: [9.57, 1.2, 1.8], spread: [0.4, 0.5, 0.5] },
    walking: { mean: [9.4, 1.2, 1.8], spread: [3, 2.2, 2.6] },
    running: { mean: [6.5, 2, 3.5], spread: [9.5, 6, 7] },
    cycling: { mean: [3.5, 1, 8.9], spread: [1.6, 1.4, 2.2] },
  },
}

/** Carried in a trouser pocket; at rest it lies on a table. */
const PHONE: Model = {
  ...WEARER,
  motion: {
    resting: { mean: [0.1, 0.2, 9.81], spread: [0.02, 0.02, 0.03] },
    sitting: { mean: [1, 2.2, 9.5], spread: [0.2, 0.3, 0.3] },
    standing: { mean: [0.8, 9.7, 1.2], spread: [0.3, 0.3, 0.4] },
    walking: { mean: [0.8, 9.6, 0.8], spread: [3.2, 4.6, 3.4] },
    running: { mean: [0.3, 8.9, 0.3], spread: [5.5, 8.5, 5] },
    cycling: { mean: [1, 6.5, 7.2], spread: [1.8, 2.8, 2.6] },
  },
}

/** Fixed to a thing that is carried or driven now and then. */
const TAG: Model = {
  hub: 'resting',
  day: {
    resting: { lasts: 900, next: { walking: 0.7, cycling: 0.3 } },
    walking: { lasts: 180, next: { resting: 0.8, cycling: 0.2 } },
    cycling: { lasts: 480, next: { resting: 0.6, walking: 0.4 } },
  },
  night: { resting: { lasts: 14_400, next: { walking: 1 } } },
  motion: {
    resting: { mean: [0, 0, 9.81], spread: [0.02, 0.02, 0.02] },
    walking: { mean: [1, 2, 9.5], spread: [1.5, 1.5, 2.2] },
    cycling: { mean: [0.5, 0.5, 9.78], spread: [1, 1.2, 2.4] },
  },
}

/** Models by name. */
export const MODELS: ReadonlyMap<string, Model> = new Map([
  ['motion-band-2', BAND],
  ['nexus4', PHONE],
  ['asset-tag-1', TAG],
])

export function modelNamed(name: string): Model {
  return MODELS.get(name) ?? BAND
}
