/** Names of entities: source, space, subject. Pure. */

export interface EntityParts {
  readonly source: string
  /** Empty if the event had none. */
  readonly subject: string
}

export function partsOf(entity: string): EntityParts {
  const space = entity.indexOf(' ')
  if (space < 0) return { source: entity, subject: '' }
  return { source: entity.slice(0, space), subject: entity.slice(space + 1) }
}

/** Whether it sends readings. Consumers also remember alerts, groups and patterns as entities, which have none. */
export function hasTelemetry(entity: string): boolean {
  return /^\/(environment|database|device)\//.test(entity)
}
