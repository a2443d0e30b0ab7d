/** The reference pages by path. */
export async function generateReference(): Promise<Record<string, string>> {
  return {}
}
