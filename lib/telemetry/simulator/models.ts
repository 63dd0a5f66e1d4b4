/**
 * Models of simulated devices: the transition matrix of activities, and the acceleration during each activity. Durations,
 * probabilities and standard deviations are rounded assumptions. As in the WISDM data (Kwapisz, Weiss and Moore, "Activity
 * Recognition using Cell Phone Accelerometers", 2010), the acceleration varies more during running than during walking. Gravity
 * acts on the y axis of a phone in a trouser pocket, except while the wearer sits.
 */

/** Row of a transition matrix, which describes one activity. */
export interface TransitionRow {
  /** Mean duration of the activity, in seconds. */
  readonly lasts: number
  /** Probabilities of the activities that can follow. The hub of the model must be first. */
  readonly next: Readonly<Record<string, number>>
}

/** Mean and standard deviation of the acceleration on each axis, in m/s². */
export interface Motion {
  readonly mean: Axes
  readonly spread: Axes
}

type Axes = readonly [x: number, y: number, z: number]
export type Matrix = Readonly<Record<string, TransitionRow>>

export interface Model {
  /** Activity that can follow every other activity. */
  readonly hub: string
  readonly day: Matrix
  /** Rows of the matrix that are different at night. */
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

/** Device worn on a wrist. The x axis points to the hand, and the z axis out of the display. Also used for unknown models. */
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

/** Phone carried in a trouser pocket. At rest, the phone lies on a table. */
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

/** Tag attached to an object that is occasionally carried or driven. */
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

export const MODELS: ReadonlyMap<string, Model> = new Map([
  ['motion-band-2', BAND],
  ['nexus4', PHONE],
  ['asset-tag-1', TAG],
])

export function modelNamed(name: string): Model {
  return MODELS.get(name) ?? BAND
}
