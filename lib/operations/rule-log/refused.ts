/** Error for an event that `alerting` rejects. The message contains the failure code. */
export class RefusedByAlerting extends Error {
  override readonly name = 'RefusedByAlerting'
}
