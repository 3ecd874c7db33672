import { v1Limit } from '../limit-text.js';
import type { Planner } from '../plan.js';

/** `hugetlb.SIZE.limit_in_bytes`, and of reservations where the kernel (5.7) has it. See hugetlb.rst. */
export const hugetlb: Planner = ({ hugetlb: given = [] }) =>
  given.flatMap(({ pageSize, limitBytes }) => {
    const value = v1Limit(limitBytes);
    return [
      { controller: 'hugetlb', file: `hugetlb.${pageSize}.limit_in_bytes`, value },
      { controller: 'hugetlb', file: `hugetlb.${pageSize}.rsvd.limit_in_bytes`, value, otherwise: [] },
    ];
  });
