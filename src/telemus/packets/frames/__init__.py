"""Transfer frames to packets and back: sync marker, randomiser, Reed-Solomon, TM, AOS, USLP, virtual channels."""

from telemus.packets.frames.access_point import Handed
from telemus.packets.frames.data_units import ChannelData, ChannelPackets
from telemus.packets.frames.encode import encode_frames, encode_units, idle_frames
from telemus.packets.frames.encode_data import encode_data, encode_stream, encode_variable, truncated_frame
from telemus.packets.frames.frame_account import ChannelAccount, FrameAccount, FrameGap
from telemus.packets.frames.frame_decoder import FrameDecoder, Frames, read_frames
from telemus.packets.frames.frame_layout import FrameLayout
from telemus.packets.frames.frame_table import FrameTable
from telemus.packets.frames.merge import PassMerger
from telemus.packets.frames.randomiser import randomise
from telemus.packets.frames.reader import FrameReader, frames_to_packets
from telemus.packets.frames.reed_solomon import Corrected, ReedSolomon
from telemus.packets.frames.sync import Synchroniser

__all__ = [
    "ChannelAccount",
    "ChannelData",
    "ChannelPackets",
    "Corrected",
    "FrameAccount",
    "FrameDecoder",
    "FrameGap",
    "FrameLayout",
    "FrameReader",
    "FrameTable",
    "Frames",
    "Handed",
    "PassMerger",
    "ReedSolomon",
    "Synchroniser",
    "encode_data",
    "encode_frames",
    "encode_stream",
    "encode_units",
    "encode_variable",
    "frames_to_packets",
    "idle_frames",
    "randomise",
    "read_frames",
    "truncated_frame",
]
