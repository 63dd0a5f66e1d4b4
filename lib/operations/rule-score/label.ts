/** Label of an anomaly in a labels file. */
export interface Label {
  /** Id of the sensor, instance or device, or whole name of the entity. */
  readonly entity: string
  /** Metric; absent if the label applies to all metrics of the entity. */
  readonly metric?: string
  /** Start of the window in milliseconds since the epoch. Start and end both belong to the window. */
  readonly fromMs: number
  readonly toMs: number
  readonly kind?: string
}
