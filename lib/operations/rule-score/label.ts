/** When something was wrong with what, as a file of labels says it. */
export interface Label {
  /** The id of the sensor, instance or device, or its whole name. */
  readonly entity: string
  /** Absent: any metric of the entity. */
  readonly metric?: string
  /** Milliseconds since the epoch; both belong to the window. */
  readonly fromMs: number
  readonly toMs: number
  readonly kind?: string
}
