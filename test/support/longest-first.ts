import type { TestSpecification } from 'vitest/node'
import { BaseSequencer } from 'vitest/node'

/** Folders whose files take longest, in this order; the rest comes after them. */
const LONGEST = ['/test/simulation/', '/test/e2e/', '/test/contract/']

/** Begins with the files that take longest, so that no core is left waiting for one of them at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((folder) => moduleId.includes(folder))
      return place === -1 ? LONGEST.length : place
    }
    return sorted.sort((one, other) => rank(one) - rank(other))
  }
}
