"""Syntactic perturbation by rules: a language a folder, a transformation a module."""

from luthier.augment.syntax.augmenter import Syntax

__all__ = ["Syntax"]
