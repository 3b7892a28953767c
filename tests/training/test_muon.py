"""Muon's orthogonalisation: directions stay, sizes become alike."""

import pytest
import torch

from melisma.training.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(8, 8), (16, 48), (48, 16), (192, 576), (1, 20)])
def test_singular_values_become_nearly_one_and_their_vectors_stay(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 1e-4
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    inside = u.T @ orthogonal(matrix) @ v.T  # in the matrix's own singular directions
    large = s > 0.05 * s[0]
    assert (inside - torch.diag(inside.diagonal())).abs().max() < 0.05
    assert (inside.diagonal()[large] > 0.5).all() and (inside.diagonal() < 1.3).all()


def test_a_matrix_of_one_direction_and_one_of_zeros_stay_finite():
    line = torch.outer(torch.arange(1.0, 5), torch.arange(1.0, 9))
    assert torch.linalg.matrix_norm(orthogonal(line), 2) == pytest.approx(1, abs=0.35)
    assert torch.equal(orthogonal(torch.zeros(4, 8)), torch.zeros(4, 8))


def test_a_step_goes_against_the_gradient_whatever_its_size():
    moved = []
    for size in (1e-6, 1e6):
        p = torch.nn.Parameter(torch.zeros(4, 8))
        p.grad = size * torch.randn(4, 8, generator=torch.Generator().manual_seed(1))
        Muon([p], lr=0.01).step()
        assert (p * p.grad).sum() < 0
        moved.append(p.detach())
    assert torch.allclose(moved[0], moved[1], atol=1e-4)
