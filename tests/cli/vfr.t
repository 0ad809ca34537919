# ip virtual-reassembly: defaults, what is left unsaid, replacing, and the show.
Router>enable
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#interface eth0
Router(config-if)#ip nat inside
Router(config-if)#interface eth1
Router(config-if)#ip nat outside
Router(config-if)#do show running-config | include virtual
Router(config-if)#do show ip virtual-reassembly
GigabitEthernet0/0:
   Virtual Fragment Reassembly (VFR) is ENABLED [in]
   Concurrent reassemblies (max-reassemblies): 2048
   Fragments per reassembly (max-fragments): 256
   Reassembly timeout (timeout): 3 seconds
   Drop fragments: OFF
@include vfr-idle.part
GigabitEthernet0/1:
   Virtual Fragment Reassembly (VFR) is ENABLED [in]
   Concurrent reassemblies (max-reassemblies): 2048
   Fragments per reassembly (max-fragments): 256
   Reassembly timeout (timeout): 3 seconds
   Drop fragments: OFF
@include vfr-idle.part
Router(config-if)#ip virtual-reassembly
Router(config-if)#do show ip virtual-reassembly eth1
GigabitEthernet0/1:
   Virtual Fragment Reassembly (VFR) is ENABLED [in]
   Concurrent reassemblies (max-reassemblies): 16
   Fragments per reassembly (max-fragments): 32
   Reassembly timeout (timeout): 3 seconds
   Drop fragments: OFF
@include vfr-idle.part
Router(config-if)#do show running-config | include virtual
 ip virtual-reassembly in
Router(config-if)#ip virtual-reassembly max-reassemblies 16 max-fragments 32 timeout 3
Router(config-if)#do show running-config | include virtual
 ip virtual-reassembly in
Router(config-if)#ip virtual-reassembly in timeout 10 max-reassemblies 64 drop-fragments
Router(config-if)#ip virtual-reassembly out max-fragments 20
Router(config-if)#do show running-config | include virtual
 ip virtual-reassembly in max-reassemblies 64 timeout 10 drop-fragments
 ip virtual-reassembly out max-fragments 20
Router(config-if)#do show ip virtual-reassembly eth1
GigabitEthernet0/1:
   Virtual Fragment Reassembly (VFR) is ENABLED [in]
   Concurrent reassemblies (max-reassemblies): 64
   Fragments per reassembly (max-fragments): 32
   Reassembly timeout (timeout): 10 seconds
   Drop fragments: ON
@include vfr-idle.part
GigabitEthernet0/1:
   Virtual Fragment Reassembly (VFR) is ENABLED [out]
   Concurrent reassemblies (max-reassemblies): 16
   Fragments per reassembly (max-fragments): 20
   Reassembly timeout (timeout): 3 seconds
   Drop fragments: OFF
@include vfr-idle.part
Router(config-if)#ip virtual-reassembly max-reassemblies 0
                                                         ^
% Invalid input detected at '^' marker.

Router(config-if)#ip virtual-reassembly max-fragments 256
                                                      ^
% Invalid input detected at '^' marker.

Router(config-if)#ip virtual-reassembly timeout 61
                                                ^
% Invalid input detected at '^' marker.

Router(config-if)#ip virtual-reassembly ?
  drop-fragments    Drop all fragments
  in                VFR of fragments that come in (default)
  max-fragments     Number of fragments of one datagram
  max-reassemblies  Number of datagrams reassembled at the same time
  out               VFR of fragments that go out
  timeout           How long an incomplete datagram is kept
  <cr>
Router(config-if)#no ip virtual-reassembly out
Router(config-if)#do show running-config | include virtual
 ip virtual-reassembly in max-reassemblies 64 timeout 10 drop-fragments
Router(config-if)#no ip virtual-reassembly
Router(config-if)#do show running-config | include virtual
Router(config-if)#ip virtual-reassembly in drop-fragments
Router(config-if)#no ip nat outside
Router(config-if)#do show ip virtual-reassembly eth1
GigabitEthernet0/1:
   Virtual Fragment Reassembly (VFR) is ENABLED [in]
   Concurrent reassemblies (max-reassemblies): 16
   Fragments per reassembly (max-fragments): 32
   Reassembly timeout (timeout): 3 seconds
   Drop fragments: ON
@include vfr-idle.part
Router(config-if)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
