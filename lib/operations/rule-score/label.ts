/** Labelled anomaly in a labels file. */
export interface Label {
  /** Id of the sensor, instance or device, or the full name of the entity. */
  readonly entity: string
  /** Metric with the anomaly; absent if the label applies to all metrics of the entity. */
  readonly metric?: string
  /** Start of the labelled window, in milliseconds since the epoch. Start and end are inclusive. */
  readonly fromMs: number
  readonly toMs: number
  readonly kind?: string
}
