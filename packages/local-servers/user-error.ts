/** Error that the user can fix. The message contains the problem, its location and the remedy. */
export class UserError extends Error {
  override readonly name = 'UserError'
}
